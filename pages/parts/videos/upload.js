// Brings videos in, piece by piece. What is being sent belongs to the tab, not to the page: it goes
// on while another page of the dashboard is looked at, and is found again when one comes back.

const RETRY_FIRST_MS = 1000;
const RETRY_LONGEST_MS = 15000;
// A page that lost its session gets a new one, and with it a new token, within this.
const TOKEN_PATIENCE_MS = 60000;
const HASHED_BYTES = 65536;
const RATE_OVER_MS = 5000;

const mega = (bytes) =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.max(0.1, bytes / 1e6).toFixed(1)} MB`;

const span = (seconds) => {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
};

// Tells files apart, against nobody in particular: cyrb53 by bryc, public domain.
const hash = (bytes) => {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
};

const fingerprint = async (file) => {
  const ends = [file.slice(0, HASHED_BYTES), file.slice(Math.max(0, file.size - HASHED_BYTES))];
  const hashes = await Promise.all(ends.map(async (end) => hash(new Uint8Array(await end.arrayBuffer()))));
  return `${file.lastModified} ${hashes.join(" ")}`;
};

const cookie = (name) => {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
};

class Refused extends Error {
  constructor(status, answer) {
    super(answer.error || "The server does not respond as it should.");
    this.status = status;
    this.offset = answer.offset;
  }
}

class Uploads {
  constructor() {
    this.items = [];
    this.data = null;
    this.shown = null; // draws, while the page is there
    this.arrived = []; // videos that have come in and that the page has not taken
    this.finished = null; // tells the page of them, while it is there
    this.working = false;
    window.addEventListener("beforeunload", (event) => {
      if (this.items.some((item) => item.state === "sending" || item.state === "waiting")) {
        event.preventDefault();
        event.returnValue = "";
      }
    });
  }

  add(files) {
    for (const file of files) {
      const known = this.items.find(
        (item) => item.file.name === file.name && item.file.size === file.size && item.state !== "done",
      );
      if (known && known.state !== "failed") continue;
      if (known) this.items.splice(this.items.indexOf(known), 1);
      const item = { file, state: "waiting", sent: 0, note: "", id: null, marks: [], request: null };
      if (!file.size) Object.assign(item, { state: "failed", note: "The file is empty.", is_final: true });
      this.items.push(item);
    }
    this.work();
  }

  async work() {
    if (this.working) return this.draw();
    this.working = true;
    try {
      for (;;) {
        const item = this.items.find((one) => one.state === "waiting");
        if (!item) break;
        await this.send(item);
      }
    } finally {
      this.working = false;
      this.draw();
    }
  }

  async send(item) {
    Object.assign(item, { state: "sending", note: "", marks: [] });
    this.draw();
    let wait_ms = RETRY_FIRST_MS;
    let silent_since = null;
    let order = null;
    for (;;) {
      try {
        if (!order) {
          const print = await fingerprint(item.file).catch(() => null);
          if (print === null) {
            throw new Refused(422, {
              error: "The file cannot be read. It may be a folder, or was moved since it was chosen.",
            });
          }
          order = { name: item.file.name, size_bytes: item.file.size, fingerprint: print };
        }
        if (!item.id) {
          const begun = await this.request(item, "POST", "", JSON.stringify(order));
          Object.assign(item, { id: begun.id, sent: begun.offset });
        }
        // At least one piece, be it empty: with the last one the server takes the video in.
        let answer;
        do {
          const piece = item.file.slice(item.sent, item.sent + this.data.piece);
          answer = await this.request(item, "PATCH", `/${item.id}`, piece);
          item.sent = answer.offset;
          wait_ms = RETRY_FIRST_MS;
          silent_since = null;
          item.note = "";
        } while (item.sent < item.file.size);
        Object.assign(item, { state: "done", note: "" });
        this.arrived.push(answer.video);
        if (this.finished) this.finished();
        return;
      } catch (fault) {
        if (item.state === "gone") return;
        const status = fault instanceof Refused ? fault.status : 0;
        if (status === 409) {
          item.sent = fault.offset;
          continue;
        }
        if (status === 404 && item.id) {
          Object.assign(item, { id: null, sent: 0 });
          continue;
        }
        silent_since = silent_since ?? Date.now();
        const comes_back = status === 401 && Date.now() - silent_since < TOKEN_PATIENCE_MS;
        if (status && status !== 423 && status < 508 && !comes_back && status !== 502) {
          Object.assign(item, { state: "failed", note: fault.message, is_final: status === 422 });
          return;
        }
        item.note = "The connection broke. It goes on by itself.";
        this.draw();
        await new Promise((done) => setTimeout(done, wait_ms));
        if (item.state === "gone") return;
        wait_ms = Math.min(RETRY_LONGEST_MS, wait_ms * 2);
      }
    }
  }

  // Not fetch: it does not tell how much of a piece has been sent.
  request(item, method, path, body) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      item.request = request;
      request.open(method, new URL(`_videos/${this.data.token}/uploads${path}`, document.baseURI));
      request.setRequestHeader("X-Xsrftoken", cookie(this.data.cookie));
      if (method === "PATCH") request.setRequestHeader("Upload-Offset", String(item.sent));
      const before = item.sent;
      request.upload.onprogress = (event) => {
        if (method !== "PATCH") return;
        const now = Date.now();
        item.underway = before + Math.min(event.loaded, body.size);
        item.marks.push([now, item.underway]);
        while (item.marks.length > 2 && now - item.marks[0][0] > RATE_OVER_MS) item.marks.shift();
        this.draw();
      };
      request.onload = () => {
        item.underway = 0;
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // Not from our routes: a proxy's page, or a server that is about to end.
        }
        if (request.status < 300) resolve(answer);
        else reject(new Refused(request.status, answer));
      };
      request.onerror = () => reject(new Error("network"));
      request.onabort = () => reject(new Error("aborted"));
      request.send(body ?? null);
    });
  }

  again(item) {
    item.state = "waiting";
    this.work();
  }

  // Until the last byte is there, what has arrived is of no use to anybody.
  drop(item) {
    const begun = item.id && item.state !== "done";
    item.state = "gone";
    if (item.request) item.request.abort();
    this.items.splice(this.items.indexOf(item), 1);
    if (begun) this.request(item, "DELETE", `/${item.id}`, null).catch(() => {});
    this.draw();
  }

  draw() {
    if (this.shown) this.shown();
  }
}

function line_of(item) {
  const size = item.file.size;
  const sent = Math.max(item.sent, item.underway || 0);
  if (item.state === "waiting") return `Waiting · ${mega(size)}`;
  if (item.state === "done") return `Uploaded · ${mega(size)}`;
  if (item.state === "failed") return item.note;
  if (item.note) return `${item.note} ${mega(sent)} of ${mega(size)} are there.`;
  if (sent >= size) return "Looking at the video";
  const parts = [`${mega(sent)} of ${mega(size)}`];
  const [first, last] = [item.marks[0], item.marks[item.marks.length - 1]];
  if (first && last[0] - first[0] > 500 && last[1] > first[1]) {
    const rate = ((last[1] - first[1]) / (last[0] - first[0])) * 1000;
    parts.push(`${mega(rate)}/s`, `about ${span((size - sent) / rate)} left`);
  }
  return parts.join(" · ");
}

function row_of(item, uploads) {
  const row = document.createElement("li");
  row.className = item.state;
  const name = document.createElement("b");
  name.textContent = item.file.name;
  const line = document.createElement("span");
  line.textContent = line_of(item);
  row.append(name, line);
  if (item.state === "sending" || item.state === "waiting") {
    const bar = document.createElement("progress");
    bar.max = item.file.size;
    bar.value = Math.max(item.sent, item.underway || 0);
    bar.setAttribute("aria-label", `Upload of ${item.file.name}`);
    row.append(bar);
  }
  const buttons = document.createElement("div");
  const button = (words, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.setAttribute("aria-label", `${words}: ${item.file.name}`);
    made.onclick = act;
    buttons.append(made);
  };
  if (item.state === "failed" && !item.is_final) button("Try again", () => uploads.again(item));
  button(item.state === "sending" || item.state === "waiting" ? "Cancel" : "Dismiss", () => uploads.drop(item));
  row.append(buttons);
  return row;
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const uploads = (window.emotionLensUploads ??= new Uploads());
  uploads.data = data;
  uploads.arrived = uploads.arrived.filter((video) => !data.taken.includes(video));
  uploads.finished = () => setTriggerValue("finished", [...uploads.arrived]);
  if (!parentElement.emotionLensDrawn) {
    parentElement.emotionLensDrawn = true;
    // What came in while another page was open.
    if (uploads.arrived.length) uploads.finished();
  }
  const drop = parentElement.querySelector(".drop");
  const input = parentElement.querySelector("input");
  const list = parentElement.querySelector("ul");
  parentElement.querySelector("span.limit").textContent = data.limit;
  parentElement.querySelector("button").onclick = () => input.click();
  input.onchange = () => {
    uploads.add([...input.files]);
    input.value = "";
  };
  drop.ondragover = (event) => {
    event.preventDefault();
    drop.classList.add("over");
  };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    uploads.add([...event.dataTransfer.files]);
  };
  // A bar that moves must not take the focus from a button beside it.
  let drawn = "";
  uploads.shown = () => {
    // What is in the list of videos below need not be told again.
    const items = uploads.items.filter((item) => item.state !== "done");
    const states = items.map((item) => `${item.state} ${item.file.name}`).join("\n");
    if (states !== drawn) {
      drawn = states;
      list.replaceChildren(...items.map((item) => row_of(item, uploads)));
      return;
    }
    items.forEach((item, place) => {
      const row = list.children[place];
      row.querySelector("span").textContent = line_of(item);
      const bar = row.querySelector("progress");
      if (bar) bar.value = Math.max(item.sent, item.underway || 0);
    });
  };
  drawn = null;
  uploads.shown();
  return () => {
    uploads.shown = null;
    uploads.finished = null;
  };
}
