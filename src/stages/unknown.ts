import type { Confirmed } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { targetOf } from '../entra/default-mapping.ts';
import { differences, getAttribute } from '../scim/index.ts';

/**
 * Attributes of which nobody knows whether the account still has a value: confirmed with one before, or unknown already, and without one in what was sent now. A log
 * row that shows the attribute with an empty new value ends the doubt. What the job maps beside the default is seen under the attribute's own name only.
 */
export function unknownAfter(before: Confirmed | undefined, sent: Payload, rows: readonly LogRow[]): readonly AttributePath[] {
  if (before === undefined) return [];
  const emptied = differences(before.payload, sent).flatMap(({ path, kind }) => (kind === 'emptied' ? [path] : []));
  const carried = (before.evidence.unknown ?? []).filter((path) => {
    const value = getAttribute(sent, path);
    return value === undefined || value === null || value === '';
  });
  const cleared = new Set(
    rows.flatMap(({ modifiedProperties }) =>
      (modifiedProperties ?? []).flatMap(({ displayName, newValue }) =>
        newValue === undefined || newValue === null || newValue === '' || newValue === '[]' ? [displayName ?? ''] : [],
      ),
    ),
  );
  return [...new Set([...carried, ...emptied])].filter((path) => !cleared.has(targetOf(path)));
}
