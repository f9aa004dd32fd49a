// Watches the video from inside the browser: a server that hangs cannot say that it hangs.
// The video and its buttons are in the iframe of streamlit-webrtc, which comes from this address.

const LOOK_EVERY_MS = 500;
// Without a new picture for so long the server is asked whether it is there ...
const ASK_AFTER_MS = 1000;
// ... and after so long the video counts as gone.
const GONE_AFTER_MS = 2500;
const ANSWER_WITHIN_MS = 1500;
// A server that answers may be about to send again: it is not interrupted at once.
const RESTART_AFTER_MS = 8000;
const NEXT_TRY_AFTER_MS = 12000;
const GIVE_UP_AFTER_MS = 60000;
const SLOW_START_MS = 10000;

const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");

const fresh = () => ({
  phase: "idle", // starting, playing, lost, given up
  frames: 0,
  moving: 0, // looks in a row with a new picture
  picture_at: 0, // when the last picture came
  began_at: 0, // when the start was asked for, or the picture was lost
  tried_at: 0,
  server: "unknown", // answers, silent
  asking: false,
  error: null, // why the camera does not open
  note: null, // what else was said last
});

// What is noted in the iframe itself, so that it is there once however often this is drawn again.
// By document, because a window outlives the empty document that it begins with.
function enter(win) {
  const doc = win.document;
  if (doc.emotionLens) return doc.emotionLens;
  const notes = (doc.emotionLens = { clicked: null, ended: false, peer: null });
  // Its messages are the browser's own; ours stand below the video.
  const style = doc.createElement("style");
  style.textContent = ".MuiAlert-root { display: none !important; }";
  doc.head.append(style);
  doc.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest && event.target.closest("button");
      if (event.isTrusted && button) notes.clicked = button.textContent.trim();
    },
    true,
  );
  const Peer = win.RTCPeerConnection;
  if (Peer) {
    win.RTCPeerConnection = class extends Peer {
      constructor(...settings) {
        super(...settings);
        notes.peer = this;
      }
    };
  }
  const devices = win.navigator.mediaDevices;
  if (devices && devices.getUserMedia) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      for (const track of stream.getVideoTracks()) {
        // Not sent when the page itself stops the track.
        track.addEventListener("ended", () => (notes.ended = true));
      }
      return stream;
    };
  }
  return notes;
}

// Pictures that came so far. Not those of the <video>: it draws none while it is out of sight.
async function picture_count(peer) {
  if (!peer) return 0;
  let count = 0;
  for (const entry of (await peer.getStats()).values()) {
    if (entry.type === "inbound-rtp" && entry.kind === "video") {
      count += entry.framesReceived ?? entry.packetsReceived ?? 0;
    }
  }
  return count;
}

async function ask_server(state) {
  if (state.asking) return;
  state.asking = true;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN_MS);
  try {
    const url = new URL("_stcore/health", document.baseURI);
    const answer = await fetch(url, { cache: "no-store", signal: patience.signal });
    state.server = answer.ok ? "answers" : "silent";
  } catch {
    state.server = "silent";
  }
  clearTimeout(timer);
  state.asking = false;
}

function is_connected() {
  const app = document.querySelector('[data-testid="stApp"]');
  return !app || app.dataset.testConnectionState === "CONNECTED";
}

// One look at the video; changes the state.
async function look(state, data) {
  const now = Date.now();
  const iframe = document.querySelector('iframe[title*="webrtc_streamer"]');
  const win = iframe && iframe.contentWindow;
  const doc = iframe && iframe.contentDocument;
  if (!doc || !doc.head || !doc.querySelector("#root")) {
    if (state.phase === "playing" || state.phase === "starting") state.phase = "idle";
    return;
  }
  iframe.setAttribute("aria-label", data.words.frame);
  const notes = enter(win);
  const video = doc.querySelector("video");
  if (video) video.setAttribute("aria-label", data.words.video);
  const buttons = [...doc.querySelectorAll("button")];
  const button = (label) => buttons.find((b) => b.textContent.trim() === label && !b.disabled);

  const clicked = notes.clicked;
  notes.clicked = null;
  if (clicked === data.start) {
    Object.assign(state, fresh(), { phase: "starting", began_at: now });
    notes.ended = false;
  } else if (clicked === data.stop) {
    notes.peer = null; // it sends on for a moment
    Object.assign(state, fresh());
    return;
  }

  if (notes.ended) {
    // Not started again by itself: whoever unplugs a camera does not want another one opened.
    notes.ended = false;
    notes.peer = null;
    Object.assign(state, fresh(), { note: data.words.ended });
    const stop = button(data.stop);
    if (stop) stop.click();
    return;
  }

  const alert = doc.querySelector(".MuiAlert-standardError, .MuiAlert-colorError");
  state.error = alert && meaning(alert.textContent, data);
  // The message of the try before stays for a moment.
  if (alert && state.phase !== "playing" && now - Math.max(state.began_at, state.tried_at) > 1000) {
    Object.assign(state, fresh(), { error: state.error });
    return;
  }

  const count = await picture_count(notes.peer);
  state.moving = count > state.frames ? state.moving + 1 : 0;
  state.frames = count;
  // A video that ends may show one more picture: what was lost is back with the second.
  if (state.moving > 1 || (state.moving && state.phase !== "lost" && state.phase !== "idle")) {
    Object.assign(state, { phase: "playing", picture_at: now, server: "unknown", note: null });
    return;
  }
  if (state.phase === "playing") {
    const gone = now - state.picture_at;
    if (gone > ASK_AFTER_MS) ask_server(state);
    if (gone > GONE_AFTER_MS && state.server !== "unknown") {
      Object.assign(state, { phase: "lost", began_at: now, tried_at: 0 });
    }
  } else if (state.phase === "lost") {
    ask_server(state);
    if (now - state.began_at > GIVE_UP_AFTER_MS) {
      state.phase = "given up";
      notes.peer = null;
      const stop = button(data.stop);
      if (stop) stop.click();
    } else {
      reconnect(state, data, button, now);
    }
  } else if (state.phase === "starting" && !video && now - state.began_at > SLOW_START_MS) {
    state.note = data.words.slow;
  }
}

function reconnect(state, data, button, now) {
  if (state.server !== "answers" || !is_connected()) return;
  if (state.tried_at && now - state.tried_at < NEXT_TRY_AFTER_MS) return;
  const start = button(data.start);
  const stop = button(data.stop);
  // The server must know of the end first, or it would answer with the old connection.
  if (start && !data.playing) {
    state.tried_at = now;
    start.click();
  } else if (stop && now - state.picture_at > RESTART_AFTER_MS) {
    stop.click();
  }
}

// What the browser's words ("NotAllowedError: Permission denied") mean, as [title, advice].
function meaning(text, data) {
  const name = text.split(":", 1)[0].trim();
  if (data.camera[name]) return data.camera[name];
  const [title, advice] = data.words.unknown;
  return [title, advice.replace("{said}", text.trim().replace(/\.?$/, "."))];
}

function words_of(state, data) {
  const words = data.words;
  if (state.phase === "lost") return state.server === "answers" ? words.video_lost : words.lost;
  if (state.phase === "given up") return words.given_up;
  if (!window.isSecureContext) return data.camera.insecure;
  const devices = navigator.mediaDevices;
  if (!devices || !devices.getUserMedia) return data.camera.no_api;
  return state.error || state.note;
}

function show(parentElement, state, data) {
  const box = parentElement.querySelector(".watch");
  const words = words_of(state, data);
  const [title, text] = words || ["", ""];
  const said = text.replace("{time}", clock(state.picture_at));
  const old = state.phase === "lost" || state.phase === "given up";
  // The page's style shows by this that figures are not of now.
  if (old) document.body.dataset.elVideo = "lost";
  else delete document.body.dataset.elVideo;
  box.querySelector("button").hidden = state.phase !== "given up";
  box.classList.toggle("said", Boolean(words));
  // Empty, it takes no room.
  const slot = parentElement.host.closest('[data-testid="stElementContainer"]');
  if (slot) slot.style.position = words ? "" : "absolute";
  const heading = box.querySelector("strong");
  const line = box.querySelector("span");
  if (heading.textContent !== title) heading.textContent = title;
  if (line.textContent !== said) line.textContent = said;
}

// Called again with every change of the data, and cleaned up once, at the end: one watch for all.
export default function ({ parentElement, data }) {
  if (parentElement.emotionLens) {
    parentElement.emotionLens.data = data;
    return parentElement.emotionLens.end;
  }
  const watch = (parentElement.emotionLens = { state: fresh(), data });
  const { state } = watch;
  let looking = false;
  const again = async () => {
    if (looking) return;
    looking = true;
    try {
      await look(state, watch.data);
    } finally {
      looking = false;
    }
    if (parentElement.emotionLens === watch) show(parentElement, state, watch.data);
  };
  parentElement.querySelector("button").onclick = () => {
    Object.assign(state, { phase: "lost", began_at: Date.now(), tried_at: 0, server: "unknown" });
    again();
  };
  const timer = setInterval(again, LOOK_EVERY_MS);
  watch.end = () => {
    clearInterval(timer);
    parentElement.emotionLens = null;
    delete document.body.dataset.elVideo;
  };
  again();
  return watch.end;
}
