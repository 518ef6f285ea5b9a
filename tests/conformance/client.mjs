// What a user of the closed API does, with the unmodified SDK for Node: OPENAI_API_KEY=... node client.mjs BASE_URL WEBHOOK_JSON
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI, { toFile } from "openai";

const [base, hookPath] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, maxRetries: 0 });
const size = "64x64";
const png = Buffer.from(
  "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082",
  "hex",
);

async function poll(video) {
  while (video.status === "queued" || video.status === "in_progress") {
    await new Promise((done) => setTimeout(done, 100));
    video = await client.videos.retrieve(video.id);
  }
  return video;
}

async function refuse(status, code, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    return true;
  });
}

const reference = await toFile(png, "a.png", { type: "image/png" });
const done = await poll(await client.videos.create({ prompt: "a ball", model: "sora-2", seconds: "4", size, input_reference: reference }));
assert.equal(done.status, "completed");
assert.equal(done.progress, 100);
const url = `data:image/png;base64,${png.toString("base64")}`;
assert.equal((await poll(await client.videos.create({ prompt: "a cube", size, input_reference: { image_url: url } }))).status, "completed");
for (const [variant, start, place] of [["video", "ftyp", 4], ["thumbnail", "RIFF", 0]]) {
  const data = Buffer.from(await (await client.videos.downloadContent(done.id, { variant })).arrayBuffer());
  assert.equal(data.subarray(place, place + 4).toString("latin1"), start);
}
const seen = new Set();
for await (const video of client.videos.list({ limit: 1 })) seen.add(video.id);
assert.ok(seen.size >= 2 && seen.has(done.id));
await refuse(404, "not_found", () => client.videos.retrieve("video_none"));
await refuse(400, "invalid_value", () => client.videos.create({ prompt: "x", size: "large" }));
assert.equal((await client.videos.remix(done.id, { prompt: "at night" })).remixed_from_video_id, done.id);
assert.equal((await client.videos.edit({ prompt: "at night", video: { id: done.id } })).parent_id, done.id);
assert.equal((await poll(await client.videos.extend({ prompt: "on", seconds: "4", video: { id: done.id } }))).seconds, "8");
const clip = await toFile(Buffer.from(await (await client.videos.downloadContent(done.id)).arrayBuffer()), "a.mp4");
const character = await client.videos.createCharacter({ name: "Mo", video: clip });
assert.equal((await client.videos.getCharacter(character.id)).name, "Mo");
assert.equal((await client.videos.delete(done.id)).deleted, true);
const hook = JSON.parse(readFileSync(hookPath, "utf8"));
const event = await client.webhooks.unwrap(hook.body, hook.headers, hook.secret);
assert.equal(event.data.id, hook.video);
await assert.rejects(client.webhooks.unwrap(`${hook.body} `, hook.headers, hook.secret));
console.log("openai for node conforms");
