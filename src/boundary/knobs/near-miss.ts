/**
 * The one of `names` that a name was probably meant to be, if any: at most two letters apart (Levenshtein), and close
 * to it in length. Short names are left alone, for two letters make another word of them.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  return names.find(
    (known) => known.length >= 8 && Math.abs(known.length - name.length) <= 2 && distance(name, known) <= 2,
  );
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const [left, up, corner] = [row[j - 1], above[j], above[j - 1]] as [number, number, number];
      row[j] = Math.min(left + 1, up + 1, corner + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
  }
  return row[b.length] as number;
}
