import { switchDeclarations } from './switches.ts';

/** `docs/reference/emulator-switches.md`, made from the declarations. */
export const emulatorSwitchesPage = { path: 'docs/reference/emulator-switches.md', render: renderSwitchesPage };

function renderSwitchesPage(): string {
  const lines = [
    '# Switches of the emulator',
    '',
    'Made by `npm run generate` from `src/emulator/switches.ts`. Each switch is a point on which the documents of the service are silent or',
    'disagree; the default is the stricter or the proposed reading. Set them with `startEmulator({ switches })`, `emulator.setSwitches()`, or',
    '`PATCH /emulator/switches`.',
  ];
  let topic = '';
  for (const [name, declaration] of Object.entries(switchDeclarations)) {
    if (declaration.topic !== topic) {
      topic = declaration.topic;
      lines.push('', `## ${topic}`, '', '| Switch | Default | Values | Meaning |', '|---|---|---|---|');
    }
    lines.push(`| \`${name}\` | \`${JSON.stringify(declaration.default)}\` | ${declaration.values} | ${declaration.text} |`);
  }
  return `${lines.join('\n')}\n`;
}
