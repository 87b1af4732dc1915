import type { ComparisonOperator } from '../functions/entra-values.ts';

/** Offsets in the text of the expression, UTF-16 code units; the end is exclusive. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** An argument position that was left empty: the parameter is left out. */
export interface OmittedArgument extends TextSpan {
  readonly kind: 'omitted';
}

interface AttributeNode extends TextSpan {
  readonly kind: 'attribute';
  readonly name: string;
}

interface TextNode extends TextSpan {
  readonly kind: 'text';
  /** Unescaped. */
  readonly value: string;
}

interface NumberNode extends TextSpan {
  readonly kind: 'number';
  /** As written: `1`, `-14`, `2.5`, `&HF7`. The service treats it as the text of the same characters. */
  readonly lexeme: string;
}

/** A bare identifier: a keyword (`IgnoreAttributeFlow`) or a member of an enumeration (`vbTextCompare`). */
export interface WordNode extends TextSpan {
  readonly kind: 'word';
  readonly name: string;
}

/** `%DomainFQDN%` */
export interface PlaceholderNode extends TextSpan {
  readonly kind: 'placeholder';
  readonly name: string;
}

export interface CallNode extends TextSpan {
  readonly kind: 'call';
  /** As spelled. */
  readonly name: string;
  readonly args: readonly (EntraNode | OmittedArgument)[];
}

export interface ComparisonNode extends TextSpan {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  readonly left: EntraNode;
  readonly right: EntraNode;
}

/** `&`, which Cloud Sync and Connect Sync know. */
interface ConcatenationNode extends TextSpan {
  readonly kind: 'concatenation';
  readonly left: EntraNode;
  readonly right: EntraNode;
}

/** A mapping expression of Microsoft's provisioning service. */
export type EntraNode = AttributeNode | TextNode | NumberNode | WordNode | PlaceholderNode | CallNode | ComparisonNode | ConcatenationNode;
