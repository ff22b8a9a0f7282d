export const CATCHES: Readonly<Record<string, Readonly<Record<string, number>>>> = {};
