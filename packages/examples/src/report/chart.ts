import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours text on a terminal, unless NO_COLOR (no-color.org) is set. */
export function paint(style: Style, text: string): string {
  const plain = Boolean(process.env.NO_COLOR) || !process.stdout.isTTY;
  return plain ? text : styleText(style, text);
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A horizontal bar, exact to an eighth of a character. */
function bar(share: number, width: number): string {
  const units = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  return '█'.repeat(Math.floor(units / 8)) + eighths[units % 8];
}

/** Bars with labels and values, the longest as wide as asked. */
export function barChart(
  rows: readonly { readonly label: string; readonly value: number; readonly text: string }[],
  width = 40,
): string {
  const most = Math.max(...rows.map((r) => r.value));
  const labels = Math.max(...rows.map((r) => r.label.length));
  const texts = Math.max(...rows.map((r) => r.text.length));
  return rows
    .map(({ label, value, text }) => {
      const drawn = paint('cyan', bar(most > 0 ? value / most : 0, width));
      return `  ${label.padEnd(labels)}  ${text.padStart(texts)}  ${drawn}`;
    })
    .join('\n');
}
