import { defaulted, list, map, type Kind, type Values } from './kind.ts';
import { choice, text } from './kinds.ts';

const users = list(text({ words: 'the name of a user' }));

const approversMap = map({
  users: defaulted(users, [], 'nobody', {
    doc: 'Who may approve what a guard stopped, with joinery approve: account names of the machine, as the operating system authenticated whoever types the command.',
    danger: 'Whoever stands here can let a mass leaving through.',
    example: '[mkeller, aschmidt]',
  }),
  runner: defaulted(choice(['refused', 'allowed'] as const), 'refused', 'refused', {
    doc: 'refused: who made or sends the plan cannot have approved it. allowed: one person is enough.',
    danger: 'allowed gives up that two people have looked at what no guard lets through.',
    example: 'refused',
  }),
});

type ApproverValues = Values<typeof approversMap.fields>;

/** `approvers: [mkeller]` says it in a list. */
export const approversFields: Kind<ApproverValues> & Pick<typeof approversMap, 'fields' | 'absent'> = {
  ...approversMap,
  words: 'a list of users, or a map of fields (users, runner)',
  schema: { anyOf: [users.schema, approversMap.schema] },
  read(node, at, reading) {
    if (node.kind !== 'list') return approversMap.read(node, at, reading);
    const listed = users.read(node, at, reading);
    return listed === undefined ? undefined : { users: listed, runner: 'refused' };
  },
};
