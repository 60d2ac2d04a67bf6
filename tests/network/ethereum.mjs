// Two ordinary Ethereum clients against the embedded network: viem, and Foundry's cast.
// DHC_BIN names the built `dhc`. The last line counts what passed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  erc20Abi,
  http,
  parseEther,
  parseGwei,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { startDevnet } from "./devnet.mjs";

const run = promisify(execFile);
const EVM_CHAIN_ID = 7761;

const dhc = process.env.DHC_BIN;
if (!dhc) throw new Error("DHC_BIN names no program");

const key = generatePrivateKey();
const sender = privateKeyToAccount(key);
const stranger = () => privateKeyToAccount(generatePrivateKey()).address;
const devnet = await startDevnet(dhc, { [sender.address]: "1000" });

const chain = defineChain({
  id: EVM_CHAIN_ID,
  name: "dhc-devnet-1",
  nativeCurrency: { name: "Deep Health Life", symbol: "DHL", decimals: 18 },
  rpcUrls: { default: { http: [devnet.ready.evm] } },
});
const transport = http(devnet.ready.evm);
const reader = createPublicClient({ chain, transport, pollingInterval: 250 });
const wallet = createWalletClient({ chain, transport, account: sender });
const { contracts } = JSON.parse(await readFile(devnet.ready.network_file, "utf8"));

const cast = async (...words) => {
  const { stdout } = await run("node_modules/.bin/cast", [...words, "--rpc-url", devnet.ready.evm], {
    cwd: import.meta.dirname,
  });
  return stdout.trim();
};

const checks = {
  "viem reads the chain's id": async () => {
    assert.equal(await reader.getChainId(), EVM_CHAIN_ID);
  },
  "viem sends DHL and reads the receipt": async () => {
    const to = stranger();
    const hash = await wallet.sendTransaction({ to, value: parseEther("1.5") });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    assert.equal(receipt.status, "success");
    assert.equal(receipt.from.toLowerCase(), sender.address.toLowerCase());
    assert.equal(receipt.to.toLowerCase(), to.toLowerCase());
    assert.equal(receipt.gasUsed, 21_000n);
    assert.equal(await reader.getBalance({ address: to }), parseEther("1.5"));
    const sent = await reader.getTransaction({ hash });
    assert.equal(sent.value, parseEther("1.5"));
    const block = await reader.getBlock({ blockNumber: receipt.blockNumber });
    assert.ok(block.transactions.includes(hash));
  },
  "viem reads a contract and sees a call revert": async () => {
    const token = { address: contracts.DHLToken, abi: erc20Abi };
    assert.equal(await reader.readContract({ ...token, functionName: "symbol" }), "DHL");
    assert.equal(
      await reader.readContract({ ...token, functionName: "totalSupply" }),
      parseEther("10000000000"),
    );
    await assert.rejects(
      reader.simulateContract({
        ...token,
        account: sender,
        functionName: "transfer",
        args: [stranger(), 1n],
      }),
    );
  },
  "viem sees a reverted transaction in its receipt": async () => {
    const hash = await wallet.writeContract({
      address: contracts.DHLToken,
      abi: erc20Abi,
      functionName: "transfer",
      args: [stranger(), 1n],
      gas: 200_000n,
      maxFeePerGas: parseGwei("100"),
    });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    assert.equal(receipt.status, "reverted");
  },
  "cast reads the chain's id and a contract's code": async () => {
    assert.equal(await cast("chain-id"), String(EVM_CHAIN_ID));
    assert.ok((await cast("code", contracts.Consent)).length > 1000);
  },
  "cast sends DHL and reads the receipt": async () => {
    const to = stranger();
    const sent = JSON.parse(
      await cast("send", to, "--value", "2ether", "--private-key", key, "--json"),
    );
    assert.equal(BigInt(sent.status), 1n);
    const receipt = JSON.parse(await cast("receipt", sent.transactionHash, "--json"));
    assert.equal(receipt.transactionHash, sent.transactionHash);
    assert.equal(BigInt(receipt.gasUsed), 21_000n);
    assert.equal(await cast("balance", to), parseEther("2").toString());
  },
};

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
  await devnet.stop();
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
