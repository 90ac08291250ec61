import assert from "node:assert/strict";
import { type MinisignKey, parseKey, verify } from "../../src/update/minisign.ts";
import { startReleaseServer, whyNoMinisign } from "../support/release_server.ts";

const whyNot = await whyNoMinisign();

async function judged(content: Uint8Array<ArrayBuffer>, signature: string, key: MinisignKey): Promise<string> {
  const verdict = await verify(content, signature, key);
  return verdict.kind === "refused" ? verdict.why : verdict.kind;
}

Deno.test({
  name: `what minisign signs is genuine, hashed or legacy, and nothing else is${whyNot ? ` (${whyNot})` : ""}`,
  ignore: whyNot !== undefined,
  async fn() {
    await using server = await startReleaseServer();
    await using stranger = await startReleaseServer();
    const [key, other] = [parseKey(server.key), parseKey(stranger.key)];
    assert.ok(key && other);
    for (const legacy of [false, true]) {
      await server.publish("1.2.3", "#!/bin/sh\n", { legacy });
      const content = new Uint8Array(server.files.get("release.json") ?? []);
      const signature = new TextDecoder().decode(server.files.get("release.json.minisig"));
      assert.deepEqual(await verify(content, signature, key), { kind: "genuine", trustedComment: "filagram 1.2.3" });
      const changed = content.with(20, (content[20] ?? 0) ^ 1);
      assert.equal(await judged(changed, signature, key), "the signature does not fit it");
      assert.equal(await judged(content.slice(1), signature, key), "the signature does not fit it");
      assert.equal(await judged(content, signature, other), "it is signed with another key");
      assert.equal(await judged(content, signature, { ...other, id: key.id }), "the signature does not fit it");
      assert.equal(
        await judged(content, signature.replace("1.2.3", "1.2.4"), key),
        "the signature's comment was changed",
      );
      const lines = signature.split("\n");
      for (let cut = 0; cut < 4; cut++) {
        assert.equal(
          await judged(content, lines.with(cut, cut === 0 ? "" : "AAAA").slice(0, 4).join("\n"), key),
          cut === 0 ? "genuine" : "the signature is not one of minisign", // the untrusted comment is nobody's
        );
      }
      assert.equal(await judged(content, "\0".repeat(5000), key), "the signature is not one of minisign");
    }
  },
});

Deno.test("parseKey() takes the line or the file, and nothing else", () => {
  const line = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"; // minisign's own, from its page
  assert.equal(parseKey(line)?.bytes.length, 32);
  assert.equal(parseKey(`untrusted comment: minisign public key E7620F1842B4E81F\n${line}\n`)?.id, parseKey(line)?.id);
  for (const bad of ["", "RWQ", "!".repeat(56), `AAAA${line.slice(4)}`]) assert.equal(parseKey(bad), undefined, bad);
});

Deno.test("bytes that are no point of the curve are a key that fits nothing, not a crash", async () => {
  for (const byte of [0, 1, 127, 255]) {
    const key = { id: "0000000000000000", bytes: new Uint8Array(32).fill(byte) };
    const line = new Uint8Array([69, 68, ...new Uint8Array(72)]).toBase64();
    const signature = `untrusted comment: x\n${line}\ntrusted comment: y\n${new Uint8Array(64).toBase64()}\n`;
    assert.notEqual(await judged(new Uint8Array([1, 2, 3]), signature, key), "genuine");
  }
});
