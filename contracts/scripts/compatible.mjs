// Whether a contract's storage layout still has everything that a released one had, where it was.
// Contracts are never changed in place (docs/adr/0013), but an app reads contracts of every released
// version, and does so by one layout for each name.

// Why a reader of `released` would misread a contract with the layout `now`; empty where it would not.
export function incompatibilities(released, now) {
  const found = [];
  compareMembers(released.storage, now.storage, "", found, released.types, now.types, true);
  return found;
}

function compareMembers(before, after, path, found, typesBefore, typesAfter, mayGrow) {
  const names = new Map(after.map((member) => [key(member, after), member]));
  for (const member of before) {
    const name = path + member.label;
    const same = names.get(key(member, before));
    if (same === undefined) {
      found.push(`${name} was removed`);
      continue;
    }
    if (same.slot !== member.slot || same.offset !== member.offset) {
      const at = (m) => `slot ${m.slot}, byte ${m.offset}`;
      found.push(`${name} moved from ${at(member)} to ${at(same)}`);
    }
    compareTypes(member.type, same.type, name, found, typesBefore, typesAfter, false);
  }
  if (!mayGrow && after.length > before.length) found.push(`${path || "it"} has more fields`);
}

// Base contracts may each have a private variable of the same name: they are told apart by their order.
function key(member, all) {
  const alike = all.filter((other) => other.label === member.label);
  return `${member.label}#${alike.indexOf(member)}`;
}

// A structure may gain fields at its end only where nothing lies behind it: as a mapping's value.
function compareTypes(before, after, name, found, typesBefore, typesAfter, mayGrow) {
  const [was, is] = [typesBefore[before], typesAfter[after]];
  if (was === undefined || is === undefined) {
    throw new Error(`${name}: the layout does not state its type`);
  }
  const changed = () => found.push(`${name} was ${was.label} and is ${is.label}`);
  if (was.encoding !== is.encoding) return changed();
  if (was.encoding === "mapping") {
    compareTypes(was.key, is.key, `${name}'s key`, found, typesBefore, typesAfter, false);
    return compareTypes(was.value, is.value, `${name}[]`, found, typesBefore, typesAfter, true);
  }
  if (was.members !== undefined && is.members !== undefined) {
    return compareMembers(
      was.members,
      is.members,
      `${name}.`,
      found,
      typesBefore,
      typesAfter,
      mayGrow,
    );
  }
  if (was.base !== undefined && is.base !== undefined) {
    if (was.numberOfBytes !== is.numberOfBytes) return changed();
    return compareTypes(was.base, is.base, `${name}[]`, found, typesBefore, typesAfter, false);
  }
  if (was.numberOfBytes !== is.numberOfBytes || kind(was.label) !== kind(is.label)) changed();
}

// A contract's address is an address, whatever the contract is called.
function kind(label) {
  return /^(contract |address)/.test(label) ? "address" : label;
}
