import { defaulted, list, map, optional, type Kind, type Values } from './kind.ts';
import { choice, text } from './kinds.ts';

const path = text({ words: 'the path of a file' });

const holdsMap = map({
  directory: defaulted(choice(['checked', 'unchecked'] as const), 'checked', 'checked', {
    doc: 'checked: before anything is sent that leaves an account enabled, the directory is asked whether somebody else disabled it; then it is held until joinery release. Needs User.Read.All.',
    danger: 'unchecked enables again what a security team disabled.',
    example: 'checked',
  }),
  file: optional(path, {
    doc: 'Text file with one worker id a line; lines that begin with # are for people. Whoever stands in it is not enabled, but still disabled. Read anew by each run; a file that cannot be read ends the run.',
    example: '../holds.txt',
  }),
});

type HoldsValues = Values<typeof holdsMap.fields>;

/** `holds: unchecked` says it in a word. */
export const holdsFields: Kind<HoldsValues> & Pick<typeof holdsMap, 'fields' | 'absent'> = {
  ...holdsMap,
  words: 'unchecked, or a map of fields (directory, file)',
  schema: { anyOf: [{ const: 'unchecked' }, holdsMap.schema] },
  read(node, at, reading) {
    if (node.kind === 'scalar' && node.value === 'unchecked') return { directory: 'unchecked', file: undefined };
    return holdsMap.read(node, at, reading);
  },
};

export const protectedFields = map({
  workers: defaulted(list(text({ words: 'a worker id' })), [], 'none', {
    doc: 'Ids of workers who are never touched: nothing is sent about them, not even a disable.',
    danger: 'Their accounts stay on when they leave.',
    example: '[W000001]',
  }),
  file: optional(path, {
    doc: 'Text file with one worker id a line, read anew by each run; a file that cannot be read ends the run.',
    example: '../protected.txt',
  }),
});
