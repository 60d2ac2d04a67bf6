// Gas of acts, before and now.

/** Of the gas before. */
const TOLERANCE = 0.01;

/** A line for each act that costs otherwise, is gone or is new. */
export function differences(before, now) {
  const found = [];
  for (const act of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before[act], now[act]];
    if (was === undefined) found.push(`${act} costs ${is} gas and was not measured before`);
    else if (is === undefined) found.push(`${act} is not measured any more`);
    else if (Math.abs(is - was) > was * TOLERANCE) {
      found.push(`${act} cost ${was} gas and costs ${is}`);
    }
  }
  return found;
}
