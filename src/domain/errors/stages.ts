import { defineErrors } from './define.ts';

export const stagesErrors = defineErrors({});
