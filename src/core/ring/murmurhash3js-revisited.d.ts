/** What is used here of murmurhash3js-revisited, which brings no types of its own. */
declare module 'murmurhash3js-revisited' {
  const murmurHash3: {
    /** Whether each byte is checked before hashing; true when the module is loaded. */
    inputValidation: boolean;
    readonly x86: {
      /** MurmurHash3_x86_32 of the bytes, unsigned. */
      hash32(bytes: Uint8Array, seed: number): number;
    };
  };
  export default murmurHash3;
}
