import { JoineryError } from '../../domain/error.ts';
import { intervals } from '../functions/dotnet/date-interval.ts';
import { readFormat } from '../functions/dotnet/date-format.ts';
import { compileRegex } from '../functions/dotnet/regex.ts';
import { adviseOnForeignFunction, enumerationWords, findEntraFunction, flowKeywords, type EntraFunction } from './catalog.ts';
import { NoteList, type ImportNote } from './notes.ts';
import type { CallNode, EntraNode, OmittedArgument, WordNode } from './syntax-tree.ts';

type Argument = EntraNode | OmittedArgument | undefined;

/** Everything that can be said about an expression without values. `error` notes mark parts that cannot be evaluated. */
export function checkEntraExpression(text: string, root: EntraNode): readonly ImportNote[] {
  const list = new NoteList(text);
  checkNode(root, undefined, list);
  return list.notes;
}

/** Arguments without the empty ones at the end that are beyond what the function takes. */
export function givenArguments(call: CallNode, known: EntraFunction): readonly (EntraNode | OmittedArgument)[] {
  let count = call.args.length;
  while (count > known.most && call.args[count - 1]?.kind === 'omitted') count--;
  return call.args.slice(0, count);
}

function checkNode(node: EntraNode | OmittedArgument, parent: CallNode | undefined, list: NoteList): void {
  switch (node.kind) {
    case 'call':
      checkCall(node, parent, list);
      for (const argument of node.args) checkNode(argument, node, list);
      break;
    case 'comparison':
      checkNode(node.left, parent, list);
      checkNode(node.right, parent, list);
      break;
    case 'concatenation':
      // One finding for a chain, not one for each operator.
      if (node.left.kind !== 'concatenation') {
        list.add(
          'notice',
          'JSN-609',
          node,
          'the operator & is known to Cloud Sync and Connect Sync only',
          'Use Append or Join in the provisioning service.',
        );
      }
      checkNode(node.left, parent, list);
      checkNode(node.right, parent, list);
      break;
    case 'placeholder':
      list.add(
        'warning',
        'JSN-607',
        node,
        `%${node.name}% is a value that only the service knows`,
        `It becomes the variable $${node.name}; state its value in the pipeline's let.`,
      );
      break;
    case 'word':
      checkWord(node, list);
      break;
    case 'attribute':
    case 'text':
    case 'number':
    case 'omitted':
      break;
  }
}

function checkWord(word: WordNode, list: NoteList): void {
  if (word.name === 'NULL') {
    list.add('warning', 'JSN-609', word, 'NULL is a keyword of Connect Sync; it is taken as nothing');
    return;
  }
  const known = [...flowKeywords, ...enumerationWords];
  if (known.includes(word.name)) return;
  const other = known.find((name) => name.toLowerCase() === word.name.toLowerCase());
  if (other !== undefined) list.add('notice', 'JSN-611', word, `${word.name} is documented as ${other}`);
  else if (word.name === 'AuthoritativeNull') list.add('error', 'JSN-607', word, 'AuthoritativeNull exists in Connect Sync only');
  else
    list.add('error', 'JSN-604', word, `${word.name} is no keyword`, `Write [${word.name}] for an attribute and "${word.name}" for text.`);
}

function checkCall(call: CallNode, parent: CallNode | undefined, list: NoteList): void {
  const known = findEntraFunction(call.name);
  const nameSpan = { start: call.start, end: call.start + call.name.length };
  if (known === undefined) {
    const advice = adviseOnForeignFunction(call.name);
    if (advice === undefined) list.add('error', 'JSN-604', nameSpan, `the function ${call.name} is not known`);
    else list.add('error', 'JSN-607', nameSpan, `${call.name} has no equivalent: ${advice}`);
    return;
  }
  if (known.name !== call.name) list.add('notice', 'JSN-611', nameSpan, `${call.name} is documented as ${known.name}`);
  const given = givenArguments(call, known);
  if (!checkCount(call, known, given.length, list)) return;
  switch (known.name) {
    case 'Switch':
      if (isPresenceTest(given[0])) {
        list.add(
          'warning',
          'JSN-610',
          given[0],
          'Switch over IsPresent, IsNull or IsNullOrEmpty is not supported',
          'Use the key "" to catch empty values.',
        );
      }
      break;
    case 'IIF':
      checkCondition(given[0], list);
      break;
    case 'SelectUniqueValue':
      if (parent !== undefined) {
        list.add(
          'warning',
          'JSN-610',
          nameSpan,
          'SelectUniqueValue is supported at the top of an expression only',
          'Put the other function inside its candidates.',
        );
      }
      break;
    case 'IgnoreFlowIfNullOrEmpty':
      if (parent !== undefined && !['IIF', 'Switch'].includes(findEntraFunction(parent.name)?.name ?? '')) {
        list.add(
          'warning',
          'JSN-610',
          nameSpan,
          'IgnoreFlowIfNullOrEmpty inside another function is not documented; an empty value counts as nothing there',
        );
      }
      break;
    case 'Join':
      if (given.length === 2 && given[0]?.kind === 'attribute' && given[1]?.kind === 'text') {
        list.add('warning', 'JSN-609', given[0], 'the separator comes first; Connect Sync has it last');
      }
      break;
    case 'Replace':
      checkReplace(call, given, list);
      break;
    case 'FormatDateTime':
      checkFormats(given, list);
      break;
    case 'DateAdd':
    case 'DateDiff':
      checkInterval(given[0], list);
      break;
    default:
      break;
  }
}

/** False when the call cannot be evaluated. */
function checkCount(call: CallNode, known: EntraFunction, count: number, list: NoteList): boolean {
  if (known.name === 'FormatDateTime' && count === 2) {
    list.add(
      'error',
      'JSN-609',
      call,
      'FormatDateTime with a date and one format is the function of Connect Sync',
      'State the input format too.',
    );
    return false;
  }
  if (count < known.least || count > known.most) {
    const expected =
      known.least === known.most
        ? String(known.least)
        : known.most === Number.POSITIVE_INFINITY
          ? `at least ${String(known.least)}`
          : `${String(known.least)} to ${String(known.most)}`;
    list.add('error', 'JSN-605', call, `${known.name} takes ${expected} arguments, not ${String(count)}`);
    return false;
  }
  if (known.name === 'Switch' && count % 2 !== 0) {
    list.add(
      'error',
      'JSN-605',
      call,
      `Switch takes a source, a default and pairs of key and value; ${String(count)} arguments leave a key without a value or lack the default`,
    );
    return false;
  }
  return true;
}

function isPresenceTest(node: Argument): node is CallNode {
  return node?.kind === 'call' && ['IsPresent', 'IsNull', 'IsNullOrEmpty'].includes(findEntraFunction(node.name)?.name ?? '');
}

function checkCondition(condition: Argument, list: NoteList): void {
  if (condition === undefined || condition.kind === 'omitted') return;
  const testsEmpty =
    condition.kind === 'comparison' && [condition.left, condition.right].some((side) => side.kind === 'text' && side.value === '');
  if (!testsEmpty && !isPresenceTest(condition)) return;
  list.add(
    'warning',
    'JSN-610',
    condition,
    'IIF over empty or missing attributes is listed as unsupported, although guides print it',
    'Microsoft recommends Switch([attribute], [attribute], "", "other").',
  );
}

/** A literal argument as text; undefined for anything else. */
function literalOf(argument: Argument): string | undefined {
  return argument?.kind === 'text' ? argument.value : undefined;
}

function checkReplace(call: CallNode, given: readonly Argument[], list: NoteList): void {
  const present = given.map((argument) => argument !== undefined && argument.kind !== 'omitted');
  const [, oldValue, regex, regexGroup, replacement, attribute, template] = present;
  if (oldValue === true && regex === true && given.length === 3) {
    list.add(
      'error',
      'JSN-609',
      call,
      'Replace with three texts is the function of Connect Sync',
      'Write Replace(source, old, , , new, , ).',
    );
    return;
  }
  if (oldValue === true && regex === true)
    list.add('warning', 'JSN-610', call, 'oldValue and regexPattern together are not documented; the regular expression wins');
  const works =
    regex === true
      ? replacement === true || (regexGroup === true && attribute === true)
      : oldValue === true && (replacement === true || template === true);
  if (!works) list.add('error', 'JSN-605', call, 'the arguments of Replace do not say what to replace and by what');
  const pattern = given[2];
  if (pattern?.kind !== 'text') return;
  try {
    compileRegex(pattern.value, 'entraReplace');
  } catch (error) {
    if (!(error instanceof JoineryError)) throw error;
    list.add('error', error.code, pattern, error.message.replace('$entraReplace: ', ''));
  }
}

function checkFormats(given: readonly Argument[], list: NoteList): void {
  const [input, output] = given.length === 3 ? [given[1], given[2]] : [given[2], given[3]];
  for (const format of [input, output]) {
    const text = literalOf(format);
    if (format !== undefined && text !== undefined && readFormat(text) === undefined) {
      list.add('error', 'JSN-506', format, `${JSON.stringify(text)} is not a date format of .NET`);
    }
  }
  const text = literalOf(input);
  if (input === undefined || text === undefined) return;
  const fields = (readFormat(text) ?? []).flatMap((token) => (token.kind === 'field' ? [token] : []));
  if (fields.some((field) => field.letter === 'z' || field.letter === 'K')) {
    list.add(
      'notice',
      'JSN-610',
      input,
      'the offset is applied and the result is in UTC, so an early hour of a zone ahead of UTC falls on the day before',
    );
  }
  if (fields.some((field) => field.letter === 'h' && field.count === 2)) {
    list.add('notice', 'JSN-610', input, 'hh also reads one digit here; .NET demands two', 'Write h.');
  }
}

function checkInterval(interval: Argument, list: NoteList): void {
  const code = literalOf(interval);
  if (interval === undefined || code === undefined || intervals.some((known) => known === code.toLowerCase())) return;
  list.add('error', 'JSN-506', interval, `${JSON.stringify(code)} is no interval; there are ${intervals.join(', ')}`);
}
