// Makes an avatar of the picture that a file field holds: square, small, and without what cameras
// write into their files, such as where it was taken. `src/pages/profile` imports it.
export async function picture(field) {
  const bitmap = await createImageBitmap(field.files[0]);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(side, 256);
  canvas.getContext("2d").drawImage(
    bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side,
    0, 0, canvas.width, canvas.height,
  );
  // Where it cannot write WebP a browser writes PNG.
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject()), "image/webp", 0.85);
  });
}
