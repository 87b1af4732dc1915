import { defineErrors } from './define.ts';

export const auditErrors = defineErrors({});
