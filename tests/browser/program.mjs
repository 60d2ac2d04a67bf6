// The program itself, started by a test on a network of the test's making.
// DHC_BIN, DHC_UI_DIR: where it and its user interface are.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env.DHC_BIN;
// Nothing listens on it, ever (discard, RFC 863).
export const NOWHERE = "http://127.0.0.1:9";

// A folder and processes that end with the test.
export function place() {
  if (!program) throw new Error("DHC_BIN is not set: the path of the program");
  const folder = mkdtempSync(join(tmpdir(), "dhc-place-"));
  const running = [];
  const start = async (...args) => {
    const child = spawn(program, ["--json", ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const stop = async () => {
      child.kill("SIGTERM");
      await ended;
    };
    running.push(stop);
    const ready = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
      child.once("exit", (code) => reject(new Error(`dhc ${args.join(" ")} ended with ${code}`)));
    });
    return { ...ready, stop };
  };
  return {
    folder,
    // A network, with a block every so many milliseconds; what is in the folder goes on.
    devnet: (name, blockMs) => start("devnet", "start", "--data", join(folder, name), "--block-ms", String(blockMs)),
    // The app on a network file; answers the address of its page.
    app: async (name, network) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(network));
      const { url } = await start("--network", file, "--home", join(folder, name), "serve");
      return url;
    },
    network: (name) => JSON.parse(readFileSync(join(folder, name, "network.json"), "utf8")),
    end: async () => {
      for (const stop of running.splice(0)) await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// A node that hands on what another says, after `lie` has changed it; answers its address.
export async function liar(upstream, lie) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    try {
      const asked = await fetch(upstream + request.url, {
        method: request.method,
        headers: { "content-type": "application/json" },
        body: body.length ? body : undefined,
      });
      response.writeHead(asked.status, { "content-type": "application/json" });
      response.end(lie(await asked.text()));
    } catch {
      // The other has gone: so has this one.
      response.destroy();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
