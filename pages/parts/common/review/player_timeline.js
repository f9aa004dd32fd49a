// What every person showed over time, as a picture that is drawn once per change; the line that
// runs over it is an element of its own.

const RULER_PX = 20;
const LANE_PX = 18;
const NAME_PX = 17;
const ROW_GAP_PX = 8;
const SHORTEST_VIEW_S = 1;

class Timeline {
  constructor(root, canvas) {
    this.root = root;
    this.canvas = canvas;
    this.from_s = 0;
    this.span_s = 1;
    this.duration_s = 1;
  }

  get width() {
    return this.canvas.clientWidth || 1;
  }

  row_px(people) {
    return people <= 4 ? 54 : people <= 8 ? 40 : 30;
  }

  top_of(place, people) {
    return RULER_PX + LANE_PX + place * (this.row_px(people) + NAME_PX + ROW_GAP_PX) + NAME_PX;
  }

  height(people) {
    return this.top_of(Math.max(0, people - 1), people) + (people ? this.row_px(people) : 0) + 4;
  }

  x_of(time_s) {
    return ((time_s - this.from_s) / this.span_s) * this.width;
  }

  time_of(x) {
    const time_s = this.from_s + (x / this.width) * this.span_s;
    return Math.min(this.duration_s, Math.max(0, time_s));
  }

  place_at(y, people) {
    for (let place = 0; place < people; place += 1) {
      const top = this.top_of(place, people);
      if (y >= top - NAME_PX && y < top + this.row_px(people) + ROW_GAP_PX) return place;
    }
    return -1;
  }

  whole(duration_s) {
    Object.assign(this, { duration_s, from_s: 0, span_s: Math.max(duration_s, 0.001) });
  }

  zoom(factor, about_s) {
    const span_s = Math.min(this.duration_s, Math.max(Math.min(SHORTEST_VIEW_S, this.duration_s), this.span_s / factor));
    const share = (about_s - this.from_s) / this.span_s;
    this.span_s = span_s;
    this.move_to(about_s - share * span_s);
  }

  move_to(from_s) {
    this.from_s = Math.max(0, Math.min(this.duration_s - this.span_s, from_s));
  }

  // Keeps a time in view; says whether anything moved.
  follow(time_s) {
    if (time_s >= this.from_s && time_s <= this.from_s + this.span_s) return false;
    this.move_to(time_s - 0.05 * this.span_s);
    return true;
  }

  draw({ table, markers, selection, lines, raw }) {
    const people = table ? table.people.length : 0;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.width, this.height(people)];
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.root);
    this.ink = style.color;
    this.paper = style.getPropertyValue("--st-background-color") || "#fff";
    context.font = `11px ${style.fontFamily}`;
    this.ruler(context, width);
    for (let place = 0; place < people; place += 1) {
      const top = this.top_of(place, people);
      const band = { top, bottom: top + this.row_px(people) };
      context.globalAlpha = 0.07;
      context.fillStyle = this.ink;
      context.fillRect(0, band.top, width, band.bottom - band.top);
      context.globalAlpha = 1;
      this.row(context, table, place, band, { lines, raw });
    }
    const bottom = height - 2;
    // Words of a marker end where the next one begins.
    const places = markers.map((marker) => this.x_of(marker.start_s)).sort((a, b) => a - b);
    for (const marker of markers) {
      const next = places.find((x) => x > this.x_of(marker.start_s) + 0.5) ?? width;
      this.marker(context, marker, bottom, false, next);
    }
    if (selection) this.marker(context, { ...selection, kind: "selection" }, bottom, true, width);
  }

  ruler(context, width) {
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
    const step = steps.find((one) => (one / this.span_s) * width >= 62) || 7200;
    context.fillStyle = this.ink;
    const last = this.from_s + this.span_s;
    for (let tick = Math.ceil(this.from_s / step - 1e-6); tick * step <= last + 1e-6; tick += 1) {
      const x = this.x_of(tick * step);
      context.globalAlpha = 0.35;
      context.fillRect(Math.round(x), RULER_PX - 5, 1, 5);
      context.globalAlpha = 0.8;
      const words = clock(tick * step, step < 1 ? 1 : 0);
      const wide = context.measureText(words).width;
      context.fillText(words, Math.max(0, Math.min(width - wide, x - wide / 2)), 11);
    }
    context.globalAlpha = 1;
  }

  // The mean of what lies in each pixel's time, or the one sampled frame that stands for it.
  row(context, table, place, band, { lines, raw }) {
    const rows = table.rows[place];
    const n = table.emotions.length;
    const shares = raw ? table.raw : table.smoothed;
    const height = band.bottom - band.top;
    const width = Math.ceil(this.width);
    const mean = new Float32Array(n);
    const paths = table.emotions.map(() => new Path2D());
    let drawing = false;
    let at = 0;
    for (let x = 0; x < width; x += 1) {
      const [start, end] = [this.from_s + (x / width) * this.span_s, this.from_s + ((x + 1) / width) * this.span_s];
      while (at < rows.length && table.end_of(table.frame_of[rows[at]]) <= start) at += 1;
      let count = 0;
      let doubts = 0;
      mean.fill(0);
      for (let i = at; i < rows.length && table.time[table.frame_of[rows[i]]] < end; i += 1) {
        for (let k = 0; k < n; k += 1) mean[k] += shares[n * rows[i] + k];
        doubts += table.uncertain[rows[i]];
        count += 1;
      }
      if (!count) {
        drawing = false;
        continue;
      }
      const is_doubtful = doubts * 2 > count;
      let low = band.bottom;
      for (let k = 0; k < n; k += 1) {
        const share = (mean[k] / count / 255) * height;
        if (lines) {
          const y = band.bottom - share;
          if (drawing) paths[k].lineTo(x + 0.5, y);
          else paths[k].moveTo(x + 0.5, y);
          continue;
        }
        context.globalAlpha = is_doubtful ? 0.3 : 1;
        context.fillStyle = table.emotions[k].colour;
        context.fillRect(x, low - share, 1.2, share);
        low -= share;
      }
      context.globalAlpha = 1;
      // Not by paleness alone: uncertain stretches are dotted along the bottom.
      if (is_doubtful && x % 6 < 3) {
        context.fillStyle = this.ink;
        context.fillRect(x, band.bottom - 3, 1, 3);
      }
      drawing = true;
    }
    if (!lines) return;
    context.lineWidth = 1.6;
    paths.forEach((path, k) => {
      context.strokeStyle = table.emotions[k].colour;
      context.stroke(path);
    });
  }

  marker(context, marker, bottom, is_picked, next) {
    const x = this.x_of(marker.start_s);
    const until = marker.end_s === null || marker.end_s === undefined ? x : this.x_of(marker.end_s);
    if (until < -10 || x > this.width + 10) return;
    const top = RULER_PX;
    context.fillStyle = context.strokeStyle = this.ink;
    if (until > x) {
      if (marker.kind === "exclude" || marker.kind === "gap") {
        this.hatch(context, x, top, until - x, bottom - top);
      } else {
        context.globalAlpha = marker.kind === "selection" ? 0.16 : 0.12;
        context.fillRect(x, top, until - x, bottom - top);
      }
    }
    context.globalAlpha = is_picked ? 1 : 0.75;
    context.lineWidth = is_picked ? 2 : 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    for (const edge of new Set([x, until])) {
      context.moveTo(Math.round(edge) + 0.5, top);
      context.lineTo(Math.round(edge) + 0.5, bottom);
    }
    context.stroke();
    context.setLineDash([]);
    const words = marker.text || { exclude: "excluded", gap: "no frames" }[marker.kind] || "";
    // A flag, so that a moment can be seen and hit.
    context.beginPath();
    context.moveTo(x, top + 2);
    context.lineTo(x + 9, top + 6);
    context.lineTo(x, top + 10);
    context.fill();
    if (words && next - x > 26) {
      context.save();
      context.beginPath();
      context.rect(x, top, next - x - 2, 14);
      context.clip();
      context.fillText(words.slice(0, 60), x + 12, top + 11);
      context.restore();
    }
    context.globalAlpha = 1;
  }

  hatch(context, x, y, width, height) {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.globalAlpha = 0.55;
    context.fillStyle = this.paper;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 0.4;
    context.strokeStyle = this.ink;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = -height; at < width; at += 7) {
      context.moveTo(x + at, y + height);
      context.lineTo(x + at + height, y);
    }
    context.stroke();
    context.restore();
  }
}
