import { defineErrors } from './define.ts';

export const emulatorErrors = defineErrors({});
