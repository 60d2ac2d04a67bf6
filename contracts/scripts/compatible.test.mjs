// The check of layouts can fail: each of these changes would make a reader misread, and is found.

import assert from "node:assert/strict";
import { test } from "node:test";

import { incompatibilities } from "./compatible.mjs";

const types = {
  t_address: { encoding: "inplace", label: "address", numberOfBytes: "20" },
  t_contract: { encoding: "inplace", label: "contract Templates", numberOfBytes: "20" },
  t_uint64: { encoding: "inplace", label: "uint64", numberOfBytes: "8" },
  t_uint256: { encoding: "inplace", label: "uint256", numberOfBytes: "32" },
  t_bytes32: { encoding: "inplace", label: "bytes32", numberOfBytes: "32" },
  t_grant: {
    encoding: "inplace",
    label: "struct Grant",
    numberOfBytes: "64",
    members: [field("owner", "t_address", 0), field("until", "t_uint64", 0, 20), field("note", "t_bytes32", 1)],
  },
  t_grants: { encoding: "mapping", label: "mapping(bytes32 => struct Grant)", numberOfBytes: "32", key: "t_bytes32", value: "t_grant" },
  t_list: { encoding: "dynamic_array", label: "struct Grant[]", numberOfBytes: "32", base: "t_grant" },
};

const layout = {
  storage: [field("owner", "t_address", 0), field("grants", "t_grants", 1), field("kept", "t_grant", 2), field("list", "t_list", 4)],
  types,
};

function field(label, type, slot, offset = 0) {
  return { label, type, slot: `${slot}`, offset };
}

function changed(change) {
  const copy = structuredClone(layout);
  change(copy);
  return incompatibilities(layout, copy);
}

const grant = (copy) => copy.types.t_grant.members;

test("the same layout is compatible, and so is what is only added", () => {
  assert.deepEqual(changed(() => {}), []);
  assert.deepEqual(changed((l) => l.storage.push(field("more", "t_uint256", 5))), []);
  assert.deepEqual(changed((l) => (l.storage[0].type = "t_contract")), []);
});

test("a variable that moved, changed its type or was removed is found", () => {
  assert.match(changed((l) => (l.storage[1].slot = "7"))[0], /grants moved from slot 1/);
  assert.match(changed((l) => (l.storage[0].offset = 12))[0], /owner moved/);
  assert.match(changed((l) => (l.storage[0].type = "t_uint256"))[0], /owner was address and is uint256/);
  assert.match(changed((l) => l.storage.splice(0, 1))[0], /owner was removed/);
  assert.match(changed((l) => (l.types.t_grants.key = "t_uint256"))[0], /key was bytes32/);
});

test("so is a field of a structure", () => {
  assert.match(changed((l) => (grant(l)[1].offset = 24))[0], /grants\[\]\.until moved/);
  assert.match(changed((l) => (grant(l)[1].type = "t_uint256"))[0], /until was uint64/);
  assert.match(changed((l) => grant(l).splice(2, 1))[0], /note was removed/);
  assert.match(changed((l) => ([grant(l)[0].label, grant(l)[1].label] = ["until", "owner"]))[0], /moved/);
});

test("a structure grows only as a mapping's value", () => {
  const found = changed((l) => {
    grant(l).push(field("more", "t_bytes32", 2));
    l.types.t_grant.numberOfBytes = "96";
  });
  assert.deepEqual(found, ["kept. has more fields", "list[]. has more fields"]);
});
