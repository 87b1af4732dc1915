import type { AstNode } from './ast.ts';

export function refuseHazards(_ast: AstNode, _source: string): void {}
