// Starts a devnet of its own in a temporary folder and ends it again.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS = 60_000;
const STOP_MS = 10_000;

/**
 * @param {string} dhc path of the built program
 * @param {Record<string, string>} funds DHL by address, from genesis on
 * @returns {Promise<{ready: {rpc: string, evm: string, network_file: string}, stop: () => Promise<void>}>}
 */
export async function startDevnet(dhc, funds) {
  const data = await mkdtemp(join(tmpdir(), "dhc-devnet-"));
  const fund = Object.entries(funds).flatMap(([address, dhl]) => ["--fund", `${address}=${dhl}`]);
  const child = spawn(dhc, ["--json", "devnet", "start", "--data", data, ...fund], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
    await rm(data, { recursive: true, force: true });
  };
  try {
    const ready = await firstLine(child, ended);
    return { ready, stop };
  } catch (failure) {
    await stop();
    throw failure;
  }
}

async function firstLine(child, ended) {
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    ended.then((code) => Promise.reject(new Error(`the devnet ended with ${code}`))),
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error("the devnet was not ready in time")), START_MS).unref();
    }),
  ]);
  const ready = JSON.parse(line);
  if (ready.ready !== true) throw new Error(`not ready: ${line}`);
  return ready;
}
