// One video element: what it plays, which frame it shows, and how another one is reached. Times are
// those of the table: seconds from the video's first frame.

const LOST = {
  title: "The video does not come any more",
  text: "The connection to the dashboard was lost, or the file was removed. Reload the page.",
};

class Playback {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.video = this.find("video");
    this.picture = new Picture(this.video, this.find(".picture"));
    this.timeline = new Timeline(this.find(".player"), this.find(".tracks"));
    this.now_s = 0; // of the frame that is shown
    this.wanted_s = null; // where a seek that is under way leads
    this.offset_s = null; // what the browser calls the first frame's time
    this.later = null; // where to go once that is known
    this.drawn_s = null; // what the browser calls the drawn frame's time
    this.table = null;
    this.times = null;
    this.person = null; // the chosen one
    this.boxes = true;
    this.blind = false; // nothing can be played
    this.stop = new AbortController();
  }

  // -- data

  update(data, tell) {
    const before = this.data;
    this.data = data;
    this.tell = tell;
    this.untold = this.untold.filter((edit) => !data.taken.includes(edit.n));
    if (!before || before.src !== data.src) this.open();
    if (!before || before.faces !== data.faces) this.load_table();
    if (!before || before.times !== data.times) this.load_times();
    // What the page asked for before this player was there is not meant for it.
    if (before && data.seek.n !== before.seek.n) this.seek(data.seek.time_s);
    this.show_blind();
    this.redraw();
  }

  open() {
    this.is_unplayable = this.is_lost = false;
    const boxes = !this.data.is_copy; // in a copy they are in the picture
    Object.assign(this, { offset_s: null, blind: false, now_s: this.data.first_s, wanted_s: null, later: null, boxes });
    this.find('[data-do="boxes"]').setAttribute("aria-pressed", boxes);
    if (!this.data.src) {
      this.blind = true;
      this.fit_timeline();
      return;
    }
    this.video.src = new URL(this.data.src, document.baseURI);
    this.video.load();
    this.watch();
  }

  async fetched(url, kind) {
    const answer = await fetch(new URL(url, document.baseURI), { signal: this.stop.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer[kind]();
  }

  async load_table() {
    const url = this.data.faces;
    if (!url) {
      this.table = null;
      return;
    }
    try {
      const bytes = await this.fetched(url, "arrayBuffer");
      if (this.data.faces !== url) return; // a newer one is on its way
      this.table = new Table(bytes);
      if (this.person !== null && !this.table.places.has(this.person)) this.person = null;
      this.fit_timeline();
      this.name_people();
      this.redraw();
    } catch (fault) {
      if (!this.stop.signal.aborted) this.say("The table could not be fetched. Reload the page.");
    }
  }

  async load_times() {
    const url = this.data.times;
    this.times = null;
    if (!url) return;
    try {
      const bytes = await this.fetched(url, "arrayBuffer");
      if (this.data.times === url) this.times = new Float64Array(bytes).map((time) => time + this.data.first_s);
      this.fit_timeline();
      this.redraw();
    } catch {
      // Then arrows step by what the table knows.
    }
  }

  get duration_s() {
    const known = this.data.duration_s || 0;
    const played = Number.isFinite(this.video.duration) ? this.video.duration - (this.offset_s || 0) + this.data.first_s : 0;
    const seen = this.table && this.table.frames ? this.table.end_of(this.table.frames - 1) : 0;
    const last = this.times && this.times.length ? this.times[this.times.length - 1] : 0;
    return Math.max(known || played, seen, last, 0.001);
  }

  fit_timeline() {
    const duration_s = this.duration_s;
    if (Math.abs(duration_s - this.timeline.duration_s) > 0.001 || this.timeline.span_s > duration_s) {
      this.timeline.whole(duration_s);
    }
  }

  // The length is known better and better: by the page, the browser, the first frame.
  measure() {
    this.fit_timeline();
    this.draw_timeline();
  }

  // -- frames

  // Every frame that is shown is drawn with the boxes of its own time, playing or after a seek.
  watch() {
    if (this.watching) return;
    this.watching = true;
    const { video } = this;
    const shown = (_, meta) => {
      if (this.stop.signal.aborted) return;
      this.show(meta);
      // The browser may tell of a frame a moment before it can be drawn.
      requestAnimationFrame(() => this.is_other(meta) && this.show(meta));
      next();
    };
    const next = () => {
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(shown);
      else requestAnimationFrame(() => shown());
    };
    next();
    // The callback for the first frame may come before that frame can be drawn, and none follows.
    for (const kind of ["loadeddata", "canplay", "seeked"]) {
      video.addEventListener(kind, () => this.show(), { signal: this.stop.signal });
    }
  }

  // The frame that the video holds now, with its own time: what the callback says, and what a
  // second look at the element would draw, can be of the frame before or after.
  held(meta) {
    if (window.VideoFrame) {
      try {
        const frame = new VideoFrame(this.video);
        // Browsers whose frames know no rotation would draw a turned one as it is stored.
        const image = "rotation" in frame ? frame : this.video;
        return { image, media_s: frame.timestamp / 1e6, close: () => frame.close() };
      } catch {
        // No frame is there yet.
      }
    }
    return { image: this.video, media_s: meta ? meta.mediaTime : this.video.currentTime, close: () => {} };
  }

  is_other(meta) {
    const held = this.held(meta);
    held.close();
    return held.media_s !== this.drawn_s;
  }

  show(meta) {
    if (!this.picture.ready) return;
    this.draw_picture(meta);
    if (this.later !== null) {
      const later = this.later;
      this.later = null;
      this.seek(later);
    } else if (!this.video.seeking) {
      this.wanted_s = null;
    }
    this.tell_time();
  }

  draw_picture(meta) {
    if (!this.picture.ready) return;
    const held = this.held(meta);
    // The first frame is the table's time 0, whatever the browser takes for the begin.
    const is_first = this.offset_s === null;
    if (is_first) this.offset_s = held.media_s;
    this.drawn_s = held.media_s;
    this.now_s = held.media_s - this.offset_s + this.data.first_s;
    this.picture.draw(held.image, this.table, this.now_s, {
      boxes: this.boxes,
      blur: this.data.blur && !this.data.is_copy,
      picked: this.person,
    });
    held.close();
    this.picture.canvas.dataset.time = this.now_s.toFixed(3);
    if (is_first) this.measure();
  }

  // A time of the table on the clock of the video element.
  media_time(time_s) {
    return Math.max(0, this.seek_time(time_s) - this.data.first_s) + (this.offset_s || 0);
  }

  // In the middle of a frame's time: at its very edge browsers show the one before or this one.
  seek_time(time_s) {
    if (!this.times || !this.times.length) return time_s + 0.001;
    const place = Math.max(0, last_at(this.times, time_s + SAME_S));
    const until = place + 1 < this.times.length ? this.times[place + 1] : this.times[place] + 0.02;
    return Math.max(time_s, (this.times[place] + until) / 2);
  }

  seek(time_s) {
    const wanted = Math.max(0, Math.min(this.duration_s, time_s));
    this.wanted_s = wanted;
    if (this.blind) this.now_s = wanted;
    // Not before the first frame was seen: it says how the clocks go together.
    else if (this.offset_s === null) this.later = wanted;
    else {
      const exact = wanted - this.data.first_s + this.offset_s;
      const last = this.video.duration - 0.001;
      const target = this.media_time(wanted);
      this.video.currentTime = Number.isFinite(last) ? Math.max(exact, Math.min(target, last)) : target;
    }
    this.tell_time();
  }

  get at_s() {
    return this.wanted_s ?? this.now_s;
  }

  step(frames) {
    this.video.pause();
    const times = this.times && this.times.length ? this.times : this.table && this.table.time;
    if (!times) return;
    const place = last_at(times, this.at_s + SAME_S) + frames;
    this.seek(times[Math.max(0, Math.min(times.length - 1, place))]);
  }

  play() {
    if (this.blind) return;
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  // Why nothing plays: a form that the browser does not know, or a video that does not come.
  async failed() {
    const { src } = this.data;
    if (!src || !this.video.error) return;
    const range = { headers: { Range: "bytes=0-0" }, signal: this.stop.signal };
    const comes = await fetch(new URL(src, document.baseURI), range).then((answer) => answer.ok, () => false);
    if (this.stop.signal.aborted || this.data.src !== src) return;
    this.is_unplayable = comes;
    this.is_lost = !comes;
    this.show_blind();
    this.fit_timeline();
    this.redraw();
    if (comes) this.edit("unplayable");
  }

  show_blind() {
    const message = this.is_lost ? LOST : this.data.message;
    this.blind = !this.data.src || Boolean(this.is_unplayable || this.is_lost);
    this.find(".player").classList.toggle("blind", this.blind);
    const box = this.find(".message");
    box.hidden = !this.blind;
    if (this.blind) {
      box.querySelector("strong").textContent = message.title || "";
      box.querySelector("span").textContent = message.text || "";
    }
    // Where there never was a picture, nothing stands for it.
    const is_bare = this.blind && !message.title;
    this.find(".player").classList.toggle("bare", is_bare);
    this.find(".player").setAttribute("aria-label", is_bare ? "Timeline" : "Video player");
    this.find(".over").setAttribute("aria-label", is_bare ? "Position in the session" : "Position in the video");
    this.find(".player").classList.toggle("fixed", Boolean(this.data.is_fixed));
    for (const what of ["play", "sound", "boxes", "full"]) this.button(what).disabled = this.blind;
  }
}
