/** The real OctoPrint announces itself on `lo`; the real command finds it, and says what to do next. */
import assert from "node:assert/strict";
import { makeWorkshop } from "../support/filagram.ts";
import { startOctoPrint, whyNoOctoPrint } from "../support/octoprint.ts";

const reason = await whyNoOctoPrint();

Deno.test({
  name: `discover finds a real OctoPrint that announces itself${reason ? ` (skipped: ${reason})` : ""}`,
  ignore: reason !== undefined,
  async fn() {
    await using octoprint = await startOctoPrint({ isAnnounced: true });
    await using workshop = await makeWorkshop();
    for (let tries = 1;; tries++) { // packets get lost
      const { stdout } = await workshop.run("discover", "--interface", "lo", "--json");
      const found = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
      const one = found.find(({ address }) => address === octoprint.url);
      if (!one && tries < 6) continue;
      assert.deepEqual({ driver: one?.driver, foundBy: one?.foundBy, needs: one?.needs }, {
        driver: "octoprint",
        foundBy: "mdns",
        needs: "apiKey",
      });
      break;
    }
  },
});
