import type { EntraNode, OmittedArgument } from './syntax-tree.ts';

/**
 * The expression in the form in which Microsoft Graph returns it: one blank after each comma, also for an argument that is left out.
 * Comparison and concatenation group to the left; the language has no parentheses for anything else.
 */
export function printEntraExpression(node: EntraNode | OmittedArgument): string {
  switch (node.kind) {
    case 'omitted':
      return '';
    case 'attribute':
      return `[${node.name}]`;
    case 'text':
      return `"${node.value.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
    case 'number':
      return node.lexeme;
    case 'word':
      return node.name;
    case 'placeholder':
      return `%${node.name}%`;
    case 'call':
      // A single argument that is left out would be no argument at all; it cannot come out of the parser.
      return `${node.name}(${node.args.map(printEntraExpression).join(', ')})`;
    case 'comparison':
      return `${printEntraExpression(node.left)} ${node.operator} ${printEntraExpression(node.right)}`;
    case 'concatenation':
      break;
  }
  return `${printEntraExpression(node.left)} & ${printEntraExpression(node.right)}`;
}
