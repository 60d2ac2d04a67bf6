// What slither finds, against what was judged.

// `findings`: slither's detectors' results. `judged.accepted`: [{check, where, why}]. Answers with how many
// findings are known, and a line for each fault.
export function judge(findings, judged) {
  const open = new Map(judged.accepted.map((entry) => [name(entry.check, entry.where), false]));
  const faults = [];
  for (const entry of [...judged.accepted, ...Object.values(judged.ignored)]) {
    if (!(entry.why ?? entry)) faults.push(`static.json: ${JSON.stringify(entry)} has no reason`);
  }
  const seen = new Set();
  for (const finding of findings) {
    const id = name(finding.check, where(finding));
    if (open.has(id)) open.set(id, true);
    else if (!seen.has(id)) faults.push(`${id}: ${finding.description.trim()}`);
    seen.add(id);
  }
  for (const [id, found] of open) {
    if (!found) faults.push(`static.json accepts ${id}, which is not found`);
  }
  return { faults, known: seen.size };
}

function name(check, where) {
  return `${check} in ${where}`;
}

// The function or variable, by its contract: lines move, names stay.
function where({ elements }) {
  const [first] = elements;
  if (first === undefined) return "the sources";
  const names = [];
  for (let at = first; at !== undefined; at = at.type_specific_fields?.parent) {
    if (["contract", "function", "variable", "struct"].includes(at.type)) names.unshift(at.name);
  }
  return names.join(".");
}
