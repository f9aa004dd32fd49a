// The picture with its boxes. Both are drawn onto one canvas in one step, from the frame that the
// video shows: a box cannot be on another frame than the one that is seen.

const BLUR_CELLS = 9;
const LABEL_PX = 13;

class Picture {
  constructor(video, canvas) {
    this.video = video;
    this.canvas = canvas;
    this.small = document.createElement("canvas");
    this.boxes = [];
  }

  get ready() {
    return this.video.readyState >= 2 && this.video.videoWidth > 0;
  }

  // Gives the canvas as many pixels as are seen of it, and no more than make sense.
  fit() {
    const { videoWidth: wide, videoHeight: high } = this.video;
    if (!wide || !high) return;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.min(Math.round(this.canvas.clientWidth * ratio), 1920));
    const height = Math.max(1, Math.round((width * high) / wide));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
  }

  draw(image, table, time_s, { boxes, blur, picked }) {
    if (!this.ready) return;
    this.fit();
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.drawImage(image, 0, 0, width, height);
    this.boxes = [];
    if (blur) {
      // Before anybody knows where faces are, all of it may be one.
      const hidden = table ? table.hidden_at(time_s) : [[0, 0, 1, 1]];
      for (const box of hidden) this.blur(context, box, width, height);
    }
    if (!table || !boxes) return;
    const scale = width / (this.canvas.clientWidth || width);
    for (const { row, box } of table.faces_at(time_s)) {
      const [x, y] = [box[0] * width, box[1] * height];
      const [w, h] = [(box[2] - box[0]) * width, (box[3] - box[1]) * height];
      this.boxes.push({ row, box: [...box] });
      const is_picked = picked === table.person[row];
      context.lineWidth = (is_picked ? 4 : 2.5) * scale;
      context.strokeStyle = table.colour_of(row);
      context.setLineDash(table.uncertain[row] ? [6 * scale, 4 * scale] : []);
      context.strokeRect(x, y, w, h);
      context.setLineDash([]);
      this.label(context, `${table.name_of(row)} · ${table.words_of(row)}`, [x, y, w, h], table.colour_of(row), scale);
    }
  }

  label(context, words, [x, y, , h], colour, scale) {
    const size = LABEL_PX * scale;
    context.font = `600 ${size}px ${getComputedStyle(this.canvas).fontFamily}`;
    const pad = 5 * scale;
    const wide = context.measureText(words).width + 2 * pad;
    const high = size + 1.2 * pad;
    const left = Math.max(0, Math.min(this.canvas.width - wide, x - 1.25 * scale));
    const above = y - high;
    const top = above >= 0 ? above : Math.min(this.canvas.height - high, y + h);
    context.fillStyle = colour;
    context.fillRect(left, top, wide, high);
    context.fillStyle = ink_on(colour);
    context.fillText(words, left + pad, top + high - 0.95 * pad);
  }

  blur(context, box, width, height) {
    const grow = 0.18;
    const [w, h] = [(box[2] - box[0]) * width, (box[3] - box[1]) * height];
    const x = Math.max(0, box[0] * width - grow * w);
    const y = Math.max(0, box[1] * height - grow * h);
    const wide = Math.min(width - x, w * (1 + 2 * grow));
    const high = Math.min(height - y, h * (1 + 2 * grow));
    if (wide < 1 || high < 1) return;
    const cells = Math.max(2, Math.round((BLUR_CELLS * high) / Math.max(wide, high)));
    Object.assign(this.small, { width: BLUR_CELLS, height: cells });
    this.small.getContext("2d").drawImage(context.canvas, x, y, wide, high, 0, 0, BLUR_CELLS, cells);
    context.save();
    context.beginPath();
    context.ellipse(x + wide / 2, y + high / 2, wide / 2, high / 2, 0, 0, 2 * Math.PI);
    context.clip();
    context.drawImage(this.small, 0, 0, BLUR_CELLS, cells, x, y, wide, high);
    context.restore();
  }
}

// Black or white, whichever is read better on a colour.
function ink_on(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const part = parseInt(colour.slice(i, i + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

// A face at another time than the one that is played, out of a second video element that nobody
// sees; the newest wish wins.
class Peek {
  constructor(canvas) {
    this.canvas = canvas;
    this.video = document.createElement("video");
    Object.assign(this.video, { muted: true, preload: "auto", playsInline: true });
    this.video.addEventListener("seeked", () => this.seeked());
    this.wanted = null;
    this.busy = false;
  }

  show(src, seek_s, box, blur) {
    this.wanted = { seek_s, box, blur };
    if (this.src !== src) {
      this.src = src;
      this.video.src = src;
      this.busy = false;
    }
    this.next();
  }

  next() {
    if (this.busy || !this.wanted) return;
    this.busy = true;
    this.current = this.wanted;
    this.wanted = null;
    this.video.currentTime = this.current.seek_s;
  }

  seeked() {
    this.busy = false;
    const { box, blur } = this.current;
    const { videoWidth: wide, videoHeight: high } = this.video;
    const side = 1.3 * Math.max((box[2] - box[0]) * wide, (box[3] - box[1]) * high);
    const [x, y] = [((box[0] + box[2]) / 2) * wide, ((box[1] + box[3]) / 2) * high];
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = true;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const target = blur ? 6 : this.canvas.width;
    context.drawImage(this.video, x - side / 2, y - side / 2, side, side, 0, 0, target, target);
    if (blur) context.drawImage(this.canvas, 0, 0, 6, 6, 0, 0, this.canvas.width, this.canvas.height);
    this.canvas.dataset.at = String(this.current.seek_s);
    this.next();
  }

  end() {
    this.video.removeAttribute("src");
    this.video.load();
  }
}
