// The static check can fail, and does not fail on what was judged.

import assert from "node:assert/strict";
import { test } from "node:test";

import { judge } from "./findings.mjs";

const contract = { type: "contract", name: "Pool" };
const finding = {
  check: "reentrancy-eth",
  description: "Pool.claim() sends before it writes",
  elements: [{ type: "function", name: "claim", type_specific_fields: { parent: contract } }],
};
const accepted = { check: "reentrancy-eth", where: "Pool.claim", why: "it is guarded" };

test("a finding that was judged is known", () => {
  assert.deepEqual(judge([finding, finding], { ignored: {}, accepted: [accepted] }), {
    faults: [],
    known: 1,
  });
});

test("a finding that was not judged is a fault, and so is one judged elsewhere", () => {
  const elsewhere = { ...accepted, where: "Pool.settle" };
  assert.match(judge([finding], { ignored: {}, accepted: [] }).faults[0], /Pool\.claim/);
  assert.equal(judge([finding], { ignored: {}, accepted: [elsewhere] }).faults.length, 2);
});

test("a judgement without a finding or without a reason is a fault", () => {
  assert.match(judge([], { ignored: {}, accepted: [accepted] }).faults[0], /not found/);
  const silent = { ignored: { timestamp: "" }, accepted: [] };
  assert.equal(judge([], silent).faults.length, 1);
});
