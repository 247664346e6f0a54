// libwebrtc beside ours: two connections in one process, one reliable ordered channel, messages one way as fast as they go.
// Prints one JSON object. `node bulk.mjs BYTES`

import wrtc from "@roamhq/wrtc";

// As long as a frame of Kith's.
const MESSAGE = new Uint8Array(64 * 1024).fill(7);
// What may wait in the library: enough that it never runs dry.
const WAITING_MAX = 4 * 1024 * 1024;

const count = Math.ceil(Number(process.argv[2]) / MESSAGE.length);
const begun = performance.now();
const [from, to] = [new wrtc.RTCPeerConnection(), new wrtc.RTCPeerConnection()];
from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
const channel = (peer) => peer.createDataChannel("bulk", { negotiated: true, id: 1 });
const [sender, receiver] = [channel(from), channel(to)];
const opened = [sender, receiver].map((side) => new Promise((resolve) => (side.onopen = resolve)));
await from.setLocalDescription(await from.createOffer());
await to.setRemoteDescription(from.localDescription);
await to.setLocalDescription(await to.createAnswer());
await from.setRemoteDescription(to.localDescription);
await Promise.all(opened);
const openMs = performance.now() - begun;

let arrived = 0;
const all = new Promise((resolve) => {
  receiver.binaryType = "arraybuffer";
  receiver.onmessage = () => ++arrived === count && resolve();
});
sender.bufferedAmountLowThreshold = WAITING_MAX / 2;
const start = performance.now();
for (let sent = 0; sent < count; sent += 1) {
  while (sender.bufferedAmount > WAITING_MAX) {
    // The event alone may have come before the amount that is read here was brought up to date.
    await new Promise((resolve) => {
      sender.onbufferedamountlow = resolve;
      setTimeout(resolve, 2);
    });
  }
  sender.send(MESSAGE);
}
await all;
const seconds = (performance.now() - start) / 1e3;
console.log(JSON.stringify({ megabytesPerSecond: (count * MESSAGE.length) / 1e6 / seconds, openMs }));
process.exit(0);
