// Programs that the test starts, and ends again whatever happens.
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const STOP_MS = 10_000;

/** Starts a program; `stop` ends it. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.once("error", (failure) => console.error(`${program}: ${failure.message}`));
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  return { stop, ended };
}

/** Runs a program to its end and fails if it does. */
export async function finish(program, args, options) {
  const code = await start(program, args, options).ended;
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}`);
}

/** A port of loopback that nobody holds at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
