// DHL as an ERC-20 on an Ethereum chain (Anvil), through `dhc`: deployed from the committed artifact,
// held, sent and received; and two endpoints of which one lies.
// DHC_BIN names the built `dhc`. The last line counts what passed.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { createPublicClient, createWalletClient, http, parseEther, parseSignature } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

const run = promisify(execFile);
const START_MS = 60_000;
const TOTAL = parseEther("10000000000");

const dhc = process.env.DHC_BIN;
if (!dhc) throw new Error("DHC_BIN names no program");
const folder = await mkdtemp(join(tmpdir(), "dhc-token-"));

/** Anvil on a free port: a block a second, and a block is final after two more. */
async function startAnvil() {
  const child = spawn(
    "node_modules/.bin/anvil",
    ["--port", "0", "--block-time", "1", "--slots-in-an-epoch", "1"],
    // A group of its own: npm's wrapper runs the program as its child.
    { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  const lines = createInterface({ input: child.stdout });
  const keys = [];
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("anvil was not ready in time")), START_MS);
    child.once("exit", (code) => reject(new Error(`anvil ended with ${code}`)));
    lines.on("line", (line) => {
      const key = line.match(/^\(\d+\) (0x[0-9a-f]{64})$/);
      if (key) keys.push(key[1]);
      const listening = line.match(/^Listening on (.+)$/);
      if (listening) {
        clearTimeout(timer);
        resolve(`http://${listening[1]}`);
      }
    });
  });
  return { url, keys, stop: () => process.kill(-child.pid, "SIGKILL") };
}

/** An endpoint that hands on what the true one says, altered by `lie(method, result)`. */
async function startLiar(truth, lie) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const question = JSON.parse(Buffer.concat(chunks).toString());
      const answer = await fetch(truth, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(question),
      });
      const told = await answer.json();
      if (told.result) told.result = lie(question.method, told.result) ?? told.result;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(told));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

const anvil = await startAnvil();
const transport = http(anvil.url);
const reader = createPublicClient({ chain: foundry, transport, pollingInterval: 200 });
const [sale, ecosystem, management, contributors] = anvil.keys.map((k) => privateKeyToAccount(k));
const wallet = createWalletClient({ chain: foundry, transport, account: sale });
const settled = (hash) => reader.waitForTransactionReceipt({ hash });

const artifact = JSON.parse(
  await readFile(join(import.meta.dirname, "../../contracts/artifacts/DHLToken.json"), "utf8"),
);
const { contractAddress: token } = await settled(
  await wallet.deployContract({
    abi: artifact.abi,
    bytecode: artifact.bytecode.object ?? artifact.bytecode,
    args: [sale, ecosystem, management, contributors].map((a) => a.address),
  }),
);
const read = (functionName, args = []) =>
  reader.readContract({ address: token, abi: artifact.abi, functionName, args });
const write = (functionName, args, account = sale) =>
  wallet.writeContract({ address: token, abi: artifact.abi, functionName, args, account });

const password = join(folder, "password");
await writeFile(password, "a long enough password");
const first = await reader.getBlock({ blockNumber: 1n });
let files = 0;
/** A network file with these endpoints, and these witnesses. */
async function network(evm, witnesses = []) {
  const path = join(folder, `network-${(files += 1)}.json`);
  await writeFile(
    path,
    JSON.stringify({
      name: "ethereum",
      chain_id: "ethereum-31337",
      evm_chain_id: 31337,
      rpc: [],
      evm,
      witnesses,
      proof_spec: "mpt",
      denom: "adhl",
      trust: { height: 1, hash: first.hash.slice(2), period_s: 3600 },
      day_s: 86400,
      contracts: { DHLToken: token },
    }),
  );
  return path;
}

const honest = await network([anvil.url]);
async function app(home, file, ...words) {
  const common = ["--json", "--home", join(folder, home), "--network", file];
  const { stdout } = await run(dhc, [...common, "--password-file", password, "--yes", ...words]);
  return JSON.parse(stdout);
}
/** The code with which `dhc` refuses. */
async function refusal(home, file, ...words) {
  try {
    await app(home, file, ...words);
  } catch (failure) {
    if (![1, 2].includes(failure.code)) throw failure;
    return JSON.parse(failure.stderr.trim().split("\n").at(-1)).code;
  }
  throw new Error(`done: ${words.join(" ")}`);
}
async function until(what, condition) {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`not in time: ${what}`);
}
const holds = (address, amount) =>
  until(`${amount} for ${address}`, async () => {
    const { amount: shown, standing } = await app("holder", honest, "balance", address);
    assert.equal(standing.state, "proven");
    return BigInt(shown) === amount;
  });

const [holder] = (await app("holder", honest, "vault", "create")).accounts;
const stranger = () => privateKeyToAccount(generatePrivateKey()).address;
const bump = (hex) => `0x${(BigInt(hex) + 1n).toString(16)}`;

/** Each lie, told beside an honest witness, and the code that it ends in. */
const lies = {
  "a balance": {
    lie: (method, r) =>
      method === "eth_getProof" && {
        ...r,
        storageProof: r.storageProof.map((p) => ({ ...p, value: bump(p.value) })),
      },
    code: "node_untrusted",
  },
  "a balance that is not there": {
    lie: (method, r) =>
      method === "eth_getProof" && {
        ...r,
        storageProof: r.storageProof.map((p) => ({ ...p, value: "0x0", proof: [] })),
      },
    code: "node_untrusted",
  },
  "another slot": {
    lie: (method, r) =>
      method === "eth_getProof" && {
        ...r,
        storageProof: r.storageProof.map((p) => ({ ...p, key: `0x${"11".repeat(32)}` })),
      },
    code: "node_untrusted",
  },
  "another account": {
    lie: (method, r) => method === "eth_getProof" && { ...r, address: stranger() },
    code: "node_untrusted",
  },
  "a cut proof": {
    lie: (method, r) =>
      method === "eth_getProof" && { ...r, accountProof: r.accountProof.slice(0, -1) },
    code: "node_untrusted",
  },
  "a state root": {
    lie: (method, r) =>
      method === "eth_getBlockByNumber" && { ...r, stateRoot: `0x${"22".repeat(32)}` },
    code: "node_untrusted",
  },
  "a time, with the hash that goes with it": {
    lie: (method, r) => method === "eth_getBlockByNumber" && { ...r, timestamp: bump(r.timestamp) },
    code: "node_untrusted",
  },
  "another height": {
    lie: (method, r) => method === "eth_getBlockByNumber" && { ...r, number: bump(r.number) },
    code: "node_untrusted",
  },
};

const checks = {
  "the token is minted once, 50/20/20/10": async () => {
    assert.equal(await read("totalSupply"), TOTAL);
    for (const [account, share] of [
      [sale, 50n],
      [ecosystem, 20n],
      [management, 20n],
      [contributors, 10n],
    ]) {
      assert.equal(await read("balanceOf", [account.address]), (TOTAL * share) / 100n);
    }
  },
  "a permit lets another spend (EIP-2612)": async () => {
    const owner = privateKeyToAccount(generatePrivateKey());
    await settled(await write("transfer", [owner.address, 10n]));
    const deadline = (await reader.getBlock()).timestamp + 3600n;
    const signature = await owner.signTypedData({
      domain: { name: "Deep Health Life", version: "1", chainId: 31337, verifyingContract: token },
      types: {
        Permit: [
          { name: "owner", type: "address" },
          { name: "spender", type: "address" },
          { name: "value", type: "uint256" },
          { name: "nonce", type: "uint256" },
          { name: "deadline", type: "uint256" },
        ],
      },
      primaryType: "Permit",
      message: { owner: owner.address, spender: sale.address, value: 7n, nonce: 0n, deadline },
    });
    const { r, s, yParity } = parseSignature(signature);
    const permit = [owner.address, sale.address, 7n, deadline, yParity + 27, r, s];
    await settled(await write("permit", permit));
    const to = stranger();
    await settled(await write("transferFrom", [owner.address, to, 7n]));
    assert.equal(await read("balanceOf", [to]), 7n);
  },
  "a holder's DHL is proven, nothing held too": async () => {
    await holds(stranger(), 0n);
    await settled(await write("transfer", [holder.address, parseEther("100")]));
    await holds(holder.address, parseEther("100"));
  },
  "without ether nothing can be sent, and it is said": async () => {
    const send = ["send", "--to", stranger(), "--amount", "1"];
    assert.equal(await refusal("holder", honest, ...send), "insufficient_funds");
  },
  "a holder sends DHL; the result is proven, the fee is in ether": async () => {
    await settled(await wallet.sendTransaction({ to: holder.address, value: parseEther("1") }));
    await until("ether for the holder", async () => {
      const at = await reader.getBlock({ blockTag: "finalized" });
      const options = { address: holder.address, blockNumber: at.number };
      return (await reader.getBalance(options)) > 0n;
    });
    const to = stranger();
    const sent = await app("holder", honest, "send", "--to", to, "--amount", "40.5");
    assert.equal(sent.status, "ok");
    assert.equal(sent.fee_denom, "wei");
    const receipt = await reader.getTransactionReceipt({ hash: sent.tx });
    assert.equal(BigInt(sent.fee), receipt.gasUsed * receipt.effectiveGasPrice);
    assert.equal(sent.standing.state, "proven");
    assert.equal(await read("balanceOf", [to]), parseEther("40.5"));
    await holds(holder.address, parseEther("59.5"));
    const again = await app("holder", honest, "send", "--to", to, "--amount", "1");
    assert.equal(again.status, "ok");
    await holds(to, parseEther("41.5"));
  },
  "more than is held is refused before a fee is paid": async () => {
    const nonce = await reader.getTransactionCount({ address: holder.address });
    const send = ["send", "--to", stranger(), "--amount", "1000"];
    assert.equal(await refusal("holder", honest, ...send), "insufficient_funds");
    assert.equal(await reader.getTransactionCount({ address: holder.address }), nonce);
  },
  "activity shows what came and went": async () => {
    const { entries } = await app("holder", honest, "activity");
    assert.deepEqual(
      entries.map((e) => [e.kind, BigInt(e.amount)]),
      [
        ["sent", parseEther("1")],
        ["sent", parseEther("40.5")],
        ["received", parseEther("100")],
      ],
    );
    assert.ok(entries.every((e) => e.standing.state === "proven"));
  },
  "endpoints that agree are counted": async () => {
    const status = await app("holder", await network([anvil.url], [anvil.url]), "node", "status");
    assert.equal(status.guard, "witnessed");
    const alone = await app("holder", honest, "node", "status");
    assert.equal(alone.guard, "alone");
    assert.equal(alone.standing.state, "proven");
  },
  "another chain is refused by the checkpoint": async () => {
    const other = JSON.parse(await readFile(honest, "utf8"));
    other.trust.hash = "33".repeat(32);
    const file = join(folder, "other.json");
    await writeFile(file, JSON.stringify(other));
    const [account] = (await app("newcomer", honest, "vault", "create")).accounts;
    assert.equal(await refusal("newcomer", file, "balance", account.address), "node_untrusted");
  },
  "an endpoint on a fork of its own is found out": async () => {
    const fork = await startAnvil();
    try {
      const file = await network([anvil.url], [fork.url]);
      await until("the fork has a final block", async () => {
        const block = await fetch(fork.url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["finalized",false]}',
        });
        return BigInt((await block.json()).result.number) > 1n;
      });
      const [account] = (await app("between", honest, "vault", "create")).accounts;
      assert.equal(await refusal("between", file, "balance", account.address), "witness_conflict");
    } finally {
      fork.stop();
    }
  },
  "what the product does on its own chain is refused here": async () => {
    assert.equal(await refusal("holder", honest, "identity", "publish"), "misuse");
  },
};
for (const [name, { lie, code }] of Object.entries(lies)) {
  checks[`a lie: ${name} → ${code}`] = async () => {
    const liar = await startLiar(anvil.url, lie);
    try {
      const alone = await network([liar.url]);
      assert.equal(await refusal("holder", alone, "balance", holder.address), code);
    } finally {
      liar.stop();
    }
  };
}

let failed = 0;
try {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (failure) {
      failed += 1;
      console.log(`FAILED  ${name}: ${failure.message}`);
    }
  }
} finally {
  anvil.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
