// Writes test/vectors/pool.json: random days of the incentive pool and what they must give, computed
// here in unbounded integers, apart from the contract and from the `market` crate, which both replay
// it. With --check, compares instead.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const path = join(dirname(fileURLToPath(import.meta.url)), "..", "test", "vectors", "pool.json");

const ONE = 10n ** 18n;
const RAY = 10n ** 27n;
const DAILY = 474_320_862_749_585_192_032_442n;
const FUND = 2n * 10n ** 9n * ONE;

const PPM = 1_000_000n;
const KIND_SHARES = [150_000n, 100_000n, 200_000n, 150_000n, 100_000n];
const GRADE = { share: 150_000n, values: [400_000n, 700_000n, 1_000_000n] };
const DISEASE = { share: 150_000n, values: [250_000n, 600_000n, 1_000_000n, 800_000n] };

const CASES = [
  { name: "thin days carry over", people: 2, days: 14, most: 2, wMin: 10n * ONE, fund: FUND },
  { name: "full days leave nothing", people: 4, days: 10, most: 8, wMin: ONE / 10n, fund: FUND },
  { name: "around the minimum", people: 4, days: 16, most: 6, wMin: 2n * ONE, fund: FUND },
  { name: "a fund of a few base units", people: 3, days: 10, most: 4, wMin: ONE, fund: 50_021n },
  { name: "an odd minimum", people: 3, days: 10, most: 5, wMin: 1_234_567_890_123_456_789n, fund: FUND / 7n },
];

const vectors = {
  daily: `${DAILY}`,
  ray: `${RAY}`,
  emission: emission(FUND, [0, 1, 2, 30, 365, 1460, 1461, 2922, 14610]),
  quality: [0, 1, 2].flatMap((grade) =>
    [0, 1, 2, 3].flatMap((disease) =>
      [0x01, 0x02, 0x04, 0x08, 0x10, 0x15, 0x1f].map((kinds) => {
        const packed = kinds | (grade << 8) | (disease << 16);
        return { packed, ppm: `${quality(packed)}` };
      }),
    ),
  ),
  cases: CASES.map(play),
};
const text = `${JSON.stringify(vectors, null, 1)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(path, text);
} else if (readFileSync(path, "utf8") !== text) {
  console.error("contracts: scripts/vectors.mjs does not give test/vectors/pool.json");
  process.exit(1);
}

// q in millionths, by the white paper's fraction rather than by a table of its results.
function quality(packed) {
  const kinds = KIND_SHARES.filter((_, kind) => (packed >> kind) & 1);
  const numerator =
    kinds.reduce((sum, share) => sum + PPM * share, 0n) +
    GRADE.values[(packed >> 8) & 3] * GRADE.share +
    DISEASE.values[(packed >> 16) & 3] * DISEASE.share;
  const denominator =
    KIND_SHARES.reduce((sum, share) => sum + PPM * share, 0n) + PPM * (GRADE.share + DISEASE.share);
  const q = (numerator * PPM) / denominator;
  if (q * denominator !== numerator * PPM) throw new Error(`q of ${packed} is not exact`);
  return q;
}

function weight(packed, sixteenths) {
  const numerator = quality(packed) * BigInt(16 - sixteenths) * ONE;
  if (numerator % (16n * PPM) !== 0n) throw new Error("a weight is not exact");
  return numerator / (16n * PPM);
}

function emission(fund, days) {
  const given = [];
  let remaining = fund;
  for (let day = 0; day <= days.at(-1); day += 1) {
    const released = (remaining * DAILY) / RAY;
    if (days.includes(day)) given.push({ day, remaining: `${remaining}`, released: `${released}` });
    remaining -= released;
  }
  return given;
}

function play({ name, people, days: count, most, wMin, fund }) {
  const draw = random(name);
  const days = [];
  let remaining = fund;
  let carry = 0n;
  for (let day = 0; day < count; day += 1) {
    const contributions = Array.from({ length: draw(most + 1) }, () => {
      const quality = (1 + draw(31)) | (draw(3) << 8) | (draw(4) << 16);
      const sixteenths = draw(17);
      const who = draw(people);
      return { quality, sixteenths, weight: `${weight(quality, sixteenths)}`, who };
    });
    const released = (remaining * DAILY) / RAY;
    remaining -= released;
    const pool = released + carry;
    const sum = contributions.reduce((total, c) => total + BigInt(c.weight), 0n);
    const over = sum > wMin ? sum : wMin;
    carry = pool - (pool * sum) / over;
    const rewards = [];
    for (let who = 0; who < people; who += 1) {
      const own = contributions
        .filter((c) => c.who === who)
        .reduce((total, c) => total + BigInt(c.weight), 0n);
      if (own > 0n) rewards.push({ reward: `${(pool * own) / over}`, weight: `${own}`, who });
    }
    days.push({
      carry: `${carry}`,
      contributions,
      emission: `${released}`,
      pool: `${pool}`,
      rewards,
      sum: `${sum}`,
    });
  }
  return { days, fund: `${fund}`, name, wMin: `${wMin}` };
}

// The same numbers everywhere: SHA-256 of the case's name and a counter.
function random(name) {
  let counter = 0;
  return (below) => {
    const hash = createHash("sha256").update(`${name}/${counter++}`).digest();
    return hash.readUInt32BE(0) % below;
  };
}
