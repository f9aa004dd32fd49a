// Runs inside the video component's frame. Reads the number in the bottom rows of every frame that
// is shown, of the returned video and, if wanted, of the camera itself. Both share one clock.
(() => {
  const CELLS = 20;
  const canvas = document.createElement("canvas");
  canvas.width = CELLS;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });

  // 1, 0, sixteen bits, parity, 1; null where that is not what stands there.
  function number(video) {
    const { videoWidth: width, videoHeight: height } = video;
    const strip = height * (24 / 480);
    // Only the middle of the strip, away from what compression smears in.
    context.drawImage(video, 0, height - strip * 0.7, width, strip * 0.4, 0, 0, CELLS, 1);
    const pixels = context.getImageData(0, 0, CELLS, 1).data;
    const bits = [...Array(CELLS).keys()].map((i) => (pixels[4 * i + 1] > 127 ? 1 : 0));
    const value = bits.slice(2, 18);
    const parity = value.reduce((a, b) => a ^ b, 0);
    if (bits[0] !== 1 || bits[1] !== 0 || bits[19] !== 1 || bits[18] !== parity) return null;
    return value.reduce((sum, bit) => sum * 2 + bit, 0);
  }

  function watch(video, seen, running) {
    const step = (now, meta) => {
      if (!running()) return;
      const n = number(video);
      if (n !== null) seen.push([n, meta.captureTime ?? now, now]);
      video.requestVideoFrameCallback(step);
    };
    video.requestVideoFrameCallback(step);
  }

  let on = false;
  let stream = null;
  window.lensProbe = {
    async start(withCamera) {
      on = true;
      window.lensSeen = { shown: [], camera: [] };
      watch(document.querySelector("video"), window.lensSeen.shown, () => on);
      if (!withCamera) return;
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: 640, height: 480, frameRate: 30 },
      });
      const camera = document.createElement("video");
      camera.muted = true;
      camera.srcObject = stream;
      await camera.play();
      watch(camera, window.lensSeen.camera, () => on);
    },
    async stop() {
      on = false;
      stream?.getTracks().forEach((track) => track.stop());
      stream = null;
      return { ...window.lensSeen, decoded: await this.decoded() };
    },
    // Frames that the browser has decoded so far, repeated ones included.
    async decoded() {
      let frames = 0;
      for (const peer of window.lensPeers)
        for (const entry of (await peer.getStats()).values())
          if (entry.type === "inbound-rtp") frames = Math.max(frames, entry.framesDecoded ?? 0);
      return frames;
    },
  };
})();
