// One video: plays it, draws what the table says of the frame that is shown, and is worked by
// keyboard. What a person changes is told to the page, which answers with new data.

const JUMP_S = 1;
const SAID_FOR_MS = 6000;

class Player extends Playback {
  constructor(root) {
    super(root);
    this.peek = new Peek(this.find(".hint canvas"));
    this.selection = null; // the interval that is being made
    this.untold = []; // changes that the page has not said to have taken
    this.listen();
  }

  // -- the timeline

  redraw() {
    this.draw_picture();
    this.draw_timeline();
    this.tell_time();
  }

  draw_timeline() {
    this.timeline.draw({
      table: this.table,
      markers: this.data.markers,
      selection: this.selection && this.pending(),
      lines: this.data.lines,
      raw: this.data.raw,
    });
    this.place_line();
  }

  // The interval that is being made: to its end, or to now while it has none.
  pending() {
    const { start_s, end_s } = this.selection;
    return { start_s, end_s: end_s ?? (this.at_s > start_s ? this.at_s : null), text: "" };
  }

  place_line() {
    const x = this.timeline.x_of(this.at_s);
    const line = this.find(".line");
    line.style.left = `${x}px`;
    line.hidden = x < -2 || x > this.timeline.width + 2;
  }

  tell_time() {
    const digits = this.duration_s < 600 ? 2 : 1;
    const words = `${clock(this.at_s, digits)} / ${clock(this.duration_s, digits)}`;
    const time = this.find(".time");
    if (time.textContent !== words) time.textContent = words;
    const over = this.find(".over");
    over.setAttribute("aria-valuemax", this.duration_s.toFixed(2));
    over.setAttribute("aria-valuenow", this.at_s.toFixed(2));
    over.setAttribute("aria-valuetext", `${clock(this.at_s, 1)} of ${clock(this.duration_s, 1)}`);
    if (this.timeline.follow(this.at_s) || (this.selection && this.selection.end_s === null)) this.draw_timeline();
    else this.place_line();
  }

  name_people() {
    const people = this.table ? this.table.people : [];
    const buttons = people.map((person, place) => {
      const made = document.createElement("button");
      Object.assign(made, { type: "button", className: "who", textContent: person.name });
      made.title = `${person.name}: choose, to split or to see on the picture`;
      made.style.top = `${this.timeline.top_of(place, people.length) - NAME_PX}px`;
      made.onclick = () => this.choose(this.person === person.id ? null : person.id);
      made.setAttribute("aria-pressed", this.person === person.id);
      return made;
    });
    this.find(".people").replaceChildren(...buttons);
    this.button("split").disabled = this.person === null;
  }

  choose(person) {
    this.person = person;
    this.name_people();
    this.draw_picture();
  }

  hover(event) {
    const hint = this.find(".hint");
    const over = this.find(".over").getBoundingClientRect();
    const [x, y] = [event.clientX - over.left, event.clientY - over.top];
    const people = this.table ? this.table.people.length : 0;
    const place = this.timeline.place_at(y, people);
    const time_s = this.timeline.time_of(x);
    const row = place < 0 ? -1 : this.table.row_at(place, time_s);
    const [title, first, second] = hint.querySelectorAll("b, span");
    title.textContent = clock(time_s, 1);
    first.textContent = place < 0 ? "" : this.table.people[place].name;
    second.textContent = row < 0 ? (place < 0 ? "" : "not seen") : this.table.words_of(row);
    const crop = hint.querySelector("canvas");
    crop.hidden = row < 0 || this.blind || Boolean(this.data.is_copy);
    if (!crop.hidden) {
      const at_s = this.table.time[this.table.frame_of[row]];
      const seek_s = this.media_time(at_s);
      this.peek.show(this.video.src, seek_s, this.table.box.subarray(4 * row, 4 * row + 4), this.data.blur);
    }
    hint.hidden = false;
    const frame = this.find(".timeline").getBoundingClientRect();
    const left = Math.min(Math.max(0, event.clientX - frame.left + 14), frame.width - hint.offsetWidth);
    hint.style.left = `${left}px`;
    hint.style.top = `${event.clientY - frame.top - hint.offsetHeight - 12}px`;
  }

  // -- what a person says

  say(words) {
    this.find(".said").textContent = words;
    clearTimeout(this.said_timer);
    this.said_timer = setTimeout(() => (this.find(".said").textContent = ""), SAID_FOR_MS);
  }

  edit(action, values = {}) {
    if (this.data.is_fixed) return;
    this.edits = (this.edits || 0) + 1;
    // With those that the page has not answered yet: of two that come while it works, it gets the
    // second alone.
    this.untold.push({ action, n: `${Date.now()}-${this.edits}`, ...values });
    this.tell([...this.untold]);
  }

  begin_interval() {
    if (this.data.is_fixed) return;
    this.selection = { start_s: this.at_s, end_s: null };
    this.say(`Interval begins at ${clock(this.at_s, 2)}. End it with ].`);
    this.draw_timeline();
  }

  end_interval() {
    if (!this.selection || this.at_s <= this.selection.start_s) {
      this.say("Set the begin first, with [, at an earlier time.");
      return;
    }
    this.selection.end_s = this.at_s;
    this.say(`${clock(this.selection.start_s, 2)} to ${clock(this.at_s, 2)}. M marks it, X excludes it.`);
    this.draw_timeline();
  }

  mark(kind) {
    if (this.data.is_fixed) return;
    const interval = this.selection && this.pending();
    if (kind === "exclude" && !(interval && interval.end_s)) {
      this.say("Set the ends of the interval first, with [ and ].");
      return;
    }
    const [start_s, end_s] = interval && interval.end_s ? [interval.start_s, interval.end_s] : [this.at_s, null];
    this.selection = null;
    this.edit(kind, { start_s, end_s });
    const what = kind === "exclude" ? "Excluded" : "Marked";
    this.say(end_s === null ? `${what} at ${clock(start_s, 2)}` : `${what}: ${clock(start_s, 2)} to ${clock(end_s, 2)}`);
    this.draw_timeline();
  }

  split() {
    if (this.person === null) this.say("Choose a person in the timeline first.");
    else this.edit("split", { person: this.person, time_s: this.at_s });
  }

  zoom(factor) {
    this.timeline.zoom(factor, this.at_s);
    this.draw_timeline();
  }

  toggle_boxes() {
    this.boxes = !this.boxes;
    this.button("boxes").setAttribute("aria-pressed", this.boxes);
    this.draw_picture();
  }

  full_screen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (!this.blind) this.find(".player").requestFullscreen().catch(() => {});
  }

  button(what) {
    return this.find(`[data-do="${what}"]`);
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.metaKey) return;
    const inside = event.composedPath()[0];
    if (inside.matches && inside.matches("input, textarea, select, [contenteditable], [role=dialog] *")) return;
    if (event.key === " " && inside.matches && inside.matches("button, summary, a, [role=tab]")) return;
    if (event.ctrlKey && event.key.toLowerCase() !== "z") return;
    const acts = {
      " ": () => this.play(),
      ArrowLeft: () => (event.shiftKey ? this.seek(this.at_s - JUMP_S) : this.step(-1)),
      ArrowRight: () => (event.shiftKey ? this.seek(this.at_s + JUMP_S) : this.step(1)),
      Home: () => this.seek(0),
      End: () => this.seek(this.duration_s),
      "[": () => this.begin_interval(),
      "]": () => this.end_interval(),
      m: () => this.mark("marker"),
      x: () => this.mark("exclude"),
      s: () => this.split(),
      z: () => event.ctrlKey && this.edit("undo"),
      b: () => this.toggle_boxes(),
      f: () => this.full_screen(),
      "+": () => this.zoom(2),
      "-": () => this.zoom(0.5),
      Escape: () => this.selection && ((this.selection = null), this.draw_timeline()),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    // Elsewhere on the page these keys scroll, or mean something to a slider or a table.
    const moves = /^(Arrow|Home|End)/.test(event.key);
    const ours = this.root.contains(inside) || inside === document.body;
    if (!act || (moves && !ours)) return;
    event.preventDefault();
    act();
  }

  listen() {
    const { signal } = this.stop;
    const on = (target, kind, act, options = {}) => target.addEventListener(kind, act, { signal, ...options });
    const acts = {
      back: () => this.step(-1), on: () => this.step(1), play: () => this.play(), start: () => this.begin_interval(),
      end: () => this.end_interval(), mark: () => this.mark("marker"), exclude: () => this.mark("exclude"),
      undo: () => this.edit("undo"), split: () => this.split(), boxes: () => this.toggle_boxes(),
      closer: () => this.zoom(2), wider: () => this.zoom(0.5), full: () => this.full_screen(),
      sound: () => (this.video.muted = !this.video.muted),
    };
    for (const [what, act] of Object.entries(acts)) on(this.button(what), "click", act);
    on(this.find("select"), "change", (event) => (this.video.playbackRate = Number(event.target.value)));
    on(this.find(".picture"), "click", () => this.play());
    on(document, "keydown", (event) => this.key(event));
    const play = this.button("play");
    const show_play = () => {
      play.textContent = this.video.paused ? "\u25B6\uFE0E" : "\u275A\u275A";
      play.setAttribute("aria-label", this.video.paused ? "Play" : "Pause");
    };
    for (const kind of ["play", "pause", "ended"]) on(this.video, kind, show_play);
    on(this.video, "volumechange", () => this.button("sound").setAttribute("aria-pressed", !this.video.muted));
    on(this.video, "error", () => this.failed());
    on(this.video, "durationchange", () => this.measure());
    on(this.video, "loadedmetadata", () => {
      const { videoWidth: wide, videoHeight: high } = this.video;
      if (wide && high) {
        this.find(".player").style.setProperty("--shape", `${wide} / ${high}`);
        this.find(".player").style.setProperty("--ratio", String(wide / high));
      }
      this.fit_timeline();
      this.redraw();
    });
    const over = this.find(".over");
    let dragging = false;
    const at = (event) => this.timeline.time_of(event.clientX - over.getBoundingClientRect().left);
    on(over, "pointerdown", (event) => {
      dragging = true;
      over.setPointerCapture(event.pointerId);
      this.seek(at(event));
    });
    on(over, "pointermove", (event) => {
      if (dragging) this.seek(at(event));
      if (event.pointerType === "mouse") this.hover(event);
    });
    on(over, "pointerup", () => (dragging = false));
    on(over, "pointercancel", () => (dragging = false));
    on(over, "pointerleave", () => (this.find(".hint").hidden = true));
    on(over, "wheel", (event) => {
      if (event.ctrlKey) this.timeline.zoom(event.deltaY < 0 ? 1.25 : 0.8, at(event));
      else if (event.deltaX || event.shiftKey) {
        this.timeline.move_to(this.timeline.from_s + ((event.deltaX || event.deltaY) / this.timeline.width) * this.timeline.span_s);
      } else return;
      event.preventDefault();
      this.draw_timeline();
    }, { passive: false });
    this.sizes = new ResizeObserver(() => this.data && (this.draw_picture(), this.draw_timeline()));
    this.sizes.observe(this.find(".timeline"));
    // The theme's colours are in the timeline's picture.
    this.themes = new MutationObserver(() => this.data && this.draw_timeline());
    this.themes.observe(this.root.host || this.root, { attributes: true });
  }

  end() {
    this.stop.abort();
    this.sizes.disconnect();
    this.themes.disconnect();
    clearTimeout(this.said_timer);
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    this.peek.end();
  }
}

// Called again with every change of the data, and cleaned up once, at the end.
export default function ({ parentElement, data, setTriggerValue }) {
  const known = parentElement.emotionLens;
  const player = known ? known.player : new Player(parentElement);
  player.update(data, (edits) => setTriggerValue("edits", edits));
  if (known) return known.end;
  // Whoever opened the video works it by keys at once; without this, space would press what was
  // clicked last.
  parentElement.querySelector(".player").focus({ preventScroll: true });
  parentElement.emotionLens = {
    player,
    end: () => {
      player.end();
      parentElement.emotionLens = null;
    },
  };
  return parentElement.emotionLens.end;
}
