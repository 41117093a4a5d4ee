/** The only message to the calibrating process. */
export interface CalibrationTask {
  /** The model, whose outputs `tensors` are among. */
  readonly modelFile: string;
  readonly tensors: readonly string[];
  /** Token ids of each text, special tokens included. */
  readonly sequences: readonly Int32Array[];
}

export type FromCalibrator =
  | { readonly type: 'progress'; readonly done: number }
  | {
      readonly type: 'done';
      /** Smallest and largest value of each tensor, in the order that they were asked for. */
      readonly ranges: readonly { readonly low: number; readonly high: number }[];
    }
  | { readonly type: 'failed'; readonly message: string };
