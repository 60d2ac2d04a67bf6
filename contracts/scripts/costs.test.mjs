// The gas snapshot can fail.

import assert from "node:assert/strict";
import { test } from "node:test";

import { differences } from "./costs.mjs";

test("costs within a hundredth are the same", () => {
  assert.deepEqual(differences({ revoke: 50_000 }, { revoke: 50_500 }), []);
});

test("costs that rise, fall, come or go are seen", () => {
  assert.match(differences({ revoke: 50_000 }, { revoke: 50_501 })[0], /cost 50000 gas and costs 50501/);
  assert.match(differences({ revoke: 50_000 }, { revoke: 40_000 })[0], /costs 40000/);
  assert.match(differences({ revoke: 50_000 }, {})[0], /not measured any more/);
  assert.match(differences({}, { revoke: 50_000 })[0], /not measured before/);
});
