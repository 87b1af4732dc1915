import type { ClientBase } from 'pg';
import * as z from 'zod';

/** How a database's lc_monetary writes `money`. */
export interface MoneyForm {
  /** Decimals: 2 of most currencies, 0 of the yen, 3 of the dinars. */
  readonly scale: number;
  /** Characters that a value has only when it is negative: `-`, or parentheses. */
  readonly negative: ReadonlySet<string>;
}

const formRow = z.object({ scale: z.int(), positive: z.string(), negative: z.string() });

/**
 * Asked and not pinned: what is stored is a whole number, and lc_monetary says what it counts. Under another one, `pay::numeric` of a query would be a hundred times less than what HR sees. Asked only for
 * columns of money: where the encoding of the database has no letter for the currency, nobody can be shown money there.
 */
export async function readMoneyForm(client: ClientBase): Promise<MoneyForm> {
  const { rows } = await client.query(
    `select pg_catalog.scale(0::pg_catalog.money::pg_catalog.numeric) as scale, 1::pg_catalog.money::text as positive, (0::pg_catalog.money operator(pg_catalog.-) 1::pg_catalog.money)::text as negative`,
  );
  const { scale, positive, negative } = formRow.parse(rows[0]);
  return { scale, negative: new Set(Array.from(negative).filter((each) => !positive.includes(each))) };
}

/** `-$1,234.50`, `1.234,50- €`, `(HK$1,234.50)`: the digits are the stored number. */
export function plainMoney(text: string, { scale, negative }: MoneyForm): string {
  const digits = text.replaceAll(/\D/g, '').padStart(scale + 1, '0');
  const sign = Array.from(text).some((each) => negative.has(each)) ? '-' : '';
  const whole = digits.slice(0, digits.length - scale).replace(/^0+(?=\d)/, '');
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}
