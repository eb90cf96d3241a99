// A client for browsers, which cannot send the key: it speaks to a proxy of its own origin, which `serve --as-proxy` plays.
//
//     node browser_client.mjs FOLDER WS_URL
//
// What a browser gives it and Node does not: an origin, and WebSocket before Node 22.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const [folder, url] = process.argv.slice(2);
const origin = url.split("/api-ws")[0];
const require = createRequire(folder + "/");
const Socket = globalThis.WebSocket ?? require("ws");
globalThis.WebSocket = class extends Socket { constructor(path) { super(path.startsWith("ws") ? path : origin + path); } };
const { createTTSClient } = await import(pathToFileURL(folder + "/node_modules/@amaster.ai/tts-client/dist/index.js"));
const texts = [
  "你好，世界。今天天气很好，我们一起去公园散步吧。",
  "Good morning to all of you! A second sentence follows here.",
];
let bytes = 0;
const client = createTTSClient({})({
  voice: "Cherry",
  autoPlay: false,
  onAudioChunk(chunks) {
    bytes = chunks.reduce((sum, chunk) => sum + Buffer.from(chunk, "base64").length, 0);
  },
});
await client.connect();
for (const text of texts) {
  await client.speak(text);
  while (!client.isResponseDone()) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(JSON.stringify({ bytes }));
}
client.close();
process.exit(0);
