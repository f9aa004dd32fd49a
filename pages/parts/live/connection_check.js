// Asks the browser what it can do; the answers become sentences in connection.py.
export default function ({ parentElement, data, setStateValue }) {
  const button = parentElement.querySelector("button");
  const say = parentElement.querySelector("output");

  async function camera() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      stream.getTracks().forEach((track) => track.stop());
      return "ok";
    } catch (error) {
      return error.name;
    }
  }

  // The kinds of addresses under which this browser could be reached.
  function routes(iceServers) {
    return new Promise((resolve) => {
      const kinds = new Set();
      let peer;
      try {
        peer = new RTCPeerConnection({ iceServers });
      } catch (error) {
        resolve([]);
        return;
      }
      const finish = () => {
        peer.close();
        resolve([...kinds]);
      };
      const timer = setTimeout(finish, 6000);
      peer.onicecandidate = ({ candidate }) => {
        if (candidate) {
          kinds.add(candidate.type);
        } else {
          clearTimeout(timer);
          finish();
        }
      };
      peer.addTransceiver("video", { direction: "recvonly" });
      peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    });
  }

  button.onclick = async () => {
    button.disabled = true;
    say.textContent = "Testing …";
    const iceServers = data.iceServers;
    const api = Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    const report = {
      secure: window.isSecureContext,
      api,
      // While video plays the camera is in use, which is no fault.
      camera: !api ? "" : data.playing ? "ok" : await camera(),
      ice: await routes(iceServers),
      relay_wanted: iceServers.some((s) => [].concat(s.urls).some((u) => u.startsWith("turn"))),
    };
    say.textContent = "";
    button.disabled = false;
    setStateValue("report", report);
  };
}
