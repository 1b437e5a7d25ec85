/** The same function as `attention`, which is its meaning; here without P as an output. */
export { backward, forward } from '../attention/reference.ts';
