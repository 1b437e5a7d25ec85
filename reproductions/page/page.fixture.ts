/** Prints what the pages of LONGCONV_COMMITTED are to be, as JSON: text by path. */
import { pages } from './page.ts';

process.stdout.write(JSON.stringify([...(await pages())]));
