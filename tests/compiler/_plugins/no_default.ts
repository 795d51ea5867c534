/** A module that forgot its plugin. */
export const NOTHING = 0;
