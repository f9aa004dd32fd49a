// The frame table in the browser: which faces belong to a time, and where they are between two
// sampled frames.

// Between sampled frames that are further apart nobody knows where a face was.
const MOST_BETWEEN_S = 1.2;
// So long a face is drawn after the last frame that shows it, where the next is far.
const HELD_S = 0.5;
// Times are binary fractions, and browsers round them to microseconds.
const SAME_S = 0.0015;

const TYPES = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };

// See emotion_core/video/player_data.py.
function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const [name, place] of Object.entries(head.arrays)) {
    arrays[name] = new TYPES[place.type](buffer, 4 + length + place.at, place.n);
  }
  return { ...head, ...arrays };
}

// The last place whose value is not above the wanted one; -1 before the first.
function last_at(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

class Table {
  constructor(buffer) {
    Object.assign(this, unpack(buffer));
    this.frames = this.time.length;
    // How long each sampled frame stands for: until the next one.
    const steps = [];
    for (let i = 1; i < Math.min(this.frames, 400); i += 1) steps.push(this.time[i] - this.time[i - 1]);
    steps.sort((a, b) => a - b);
    this.step_s = steps.length ? steps[steps.length >> 1] : 1;
    this.places = new Map(this.people.map((person, place) => [person.id, place]));
    this.rows = this.people.map(() => []);
    this.frame_of = new Int32Array(this.person.length);
    for (let frame = 0; frame < this.frames; frame += 1) {
      for (let row = this.first[frame]; row < this.first[frame + 1]; row += 1) {
        this.frame_of[row] = frame;
        const place = this.places.get(this.person[row]);
        if (place !== undefined && this.counts[row]) this.rows[place].push(row);
      }
    }
  }

  end_of(frame) {
    const next = frame + 1 < this.frames ? this.time[frame + 1] : this.time[frame] + this.step_s;
    return Math.min(next, this.time[frame] + Math.max(2 * this.step_s, MOST_BETWEEN_S));
  }

  // Faces at a time: [{row, box}], boxes as shares of the picture.
  faces_at(time_s) {
    const frame = last_at(this.time, time_s + SAME_S);
    if (frame < 0) return [];
    const since_s = Math.max(0, time_s - this.time[frame]);
    const is_same = since_s <= SAME_S;
    const next = frame + 1 < this.frames && this.shot[frame + 1] === this.shot[frame] ? frame + 1 : -1;
    const gap_s = next < 0 ? this.end_of(frame) - this.time[frame] : this.time[next] - this.time[frame];
    const found = [];
    const follows = new Map();
    if (next >= 0 && gap_s <= MOST_BETWEEN_S) {
      for (let row = this.first[next]; row < this.first[next + 1]; row += 1) follows.set(this.track[row], row);
    }
    for (let row = this.first[frame]; row < this.first[frame + 1]; row += 1) {
      const box = this.box.subarray(4 * row, 4 * row + 4);
      const then = follows.get(this.track[row]);
      follows.delete(this.track[row]);
      if (is_same) found.push({ row, box });
      else if (then !== undefined) {
        const share = since_s / gap_s;
        found.push({ row, box: [0, 1, 2, 3].map((i) => box[i] + share * (this.box[4 * then + i] - box[i])) });
      } else if (since_s < Math.min(HELD_S, gap_s / 2)) found.push({ row, box });
    }
    // A face that the next sampled frame shows for the first time was there a moment before.
    if (!is_same) {
      for (const row of follows.values()) {
        if (gap_s - since_s < Math.min(HELD_S, gap_s / 2)) {
          found.push({ row, box: this.box.subarray(4 * row, 4 * row + 4) });
        }
      }
    }
    return found;
  }

  // Wider in time than what is drawn as a box: no face shows before it was found or after it was
  // lost. Places are those of the sampled frames around.
  hidden_at(time_s) {
    const around = Math.max(HELD_S, Math.min(this.step_s, 5) * 1.5);
    const boxes = this.faces_at(time_s).map((face) => face.box);
    const start = Math.max(0, last_at(this.time, time_s - around) + 1);
    for (let frame = start; frame < this.frames && this.time[frame] <= time_s + around; frame += 1) {
      for (let row = this.first[frame]; row < this.first[frame + 1]; row += 1) {
        boxes.push(this.box.subarray(4 * row, 4 * row + 4));
      }
    }
    return boxes;
  }

  // The row of a person that stands for a time; -1 where they are not seen.
  row_at(place, time_s) {
    const rows = this.rows[place];
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[this.frame_of[rows[middle]]] <= time_s + SAME_S) low = middle + 1;
      else high = middle;
    }
    if (!low) return -1;
    const row = rows[low - 1];
    return time_s < this.end_of(this.frame_of[row]) ? row : -1;
  }

  words_of(row) {
    const name = this.emotions[this.label[row]].name;
    const share = `${percent(this.confidence[row])}`;
    return this.uncertain[row] ? `uncertain (${name} ${share})` : `${name} ${share}`;
  }

  name_of(row) {
    const place = this.places.get(this.person[row]);
    return place === undefined ? "" : this.people[place].name;
  }

  colour_of(row) {
    return this.uncertain[row] ? "#7F7F7F" : this.emotions[this.label[row]].colour;
  }
}

// As emotion_core/wording.py: never a false 0 or 100.
function percent(share) {
  if (share > 0 && share <= 0.005) return "<1 %";
  if (share < 1 && share >= 0.995) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

// 83.4 -> "1:23.4"; as long as the video needs it.
function clock(time_s, digits = 0) {
  const unit = 10 ** digits;
  const whole = Math.floor(Math.max(0, time_s) * unit + 1e-6) / unit;
  const seconds = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}
