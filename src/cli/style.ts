import pc from 'picocolors';

export type Style = ReturnType<typeof pc.createColors>;

export function createStyle(colour: boolean): Style {
  return pc.createColors(colour);
}

/** 5,310 */
export function formatCount(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 850 ms, 2.4 s, 12 min, 3.5 h */
export function formatSpan(milliseconds: number): string {
  if (milliseconds < 1_000) return `${String(Math.round(milliseconds))} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  if (milliseconds < 7_200_000) return `${(milliseconds / 60_000).toFixed(0)} min`;
  return `${(milliseconds / 3_600_000).toFixed(1)} h`;
}

/** `1 worker`, `2 workers` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
