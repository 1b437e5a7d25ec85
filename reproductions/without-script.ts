/** Published numbers that no claim runs yet, and what each lacks. They keep their row in `repro list` until one does. */
import { formatRow, loadPublished } from '../results/published/published.ts';
import type { Row } from '../results/record.ts';

/** By file of `results/published`: what is missing, in one sentence. */
export const withoutScript: Readonly<Record<string, string>> = {
  bidmc: 'the recordings of patients (BIDMC) are not among the datasets here, and no stand-in for them is made',
  'bigs-glue':
    'BiGS is built, but what is published is of a pre-trained model on GLUE, and neither that model nor GLUE is here',
  'flashattention-training':
    'what is timed is the whole training of BERT-large and GPT-2, days on eight A100s; single steps of attention are timed by lra-speed and by the suite attention',
  'flashfftconv-end-to-end':
    'M2-BERT, SaShiMi and HyenaDNA are not built here, and the qualities at equal compute need GLUE and the Pile; the convolutions by themselves are timed by flashfftconv-speed',
  'glue-sgconvbert':
    'it needs GLUE and a BERT pre-trained with SGConv in the place of attention, which is not public; the published figure itself was not found',
  'h3-superglue': 'it needs SuperGLUE and H3 models of 1.3 and 2.7 billion parameters that were trained on the Pile',
  'hippo-pmnist': "HiPPO-LegS's recurrent cell is not built here, and MNIST is not among the datasets",
  'hyena-downstream': 'it needs SuperGLUE, LAMBADA and models that were trained on 137 billion tokens and more',
  'hyena-image': 'it needs ImageNet, which must be licensed, and a vision transformer, which is not built here',
  'imagenet-sgconvnext': 'it needs ImageNet, which must be licensed, and ConvNeXt, which is not built here',
  'mega-other':
    'it needs ImageNet and enwik8, which are not among the datasets; Mega is built as a classifier here, not as a language model of 252 million parameters',
  path512: "no settings of the generator for images of 512 x 512 were found: LRA's are for sides of 32 to 256",
  rwkv: 'it needs SuperGLUE and a model that was trained on 332 billion tokens; its associative recall is part of hyena-recall',
};

/** One row for each, with its first number, in the columns of `repro list`. */
export const rowsWithoutScript = (): Row[] =>
  Object.keys(withoutScript)
    .sort()
    .map((id) => {
      const [first] = loadPublished(id).rows;
      return {
        ...{ claim: id, verdict: 'no script', cost: withoutScript[id] },
        ...{ published: `${first.model}, ${first.task}: ${formatRow(first)}`, ours: null },
      };
    });
