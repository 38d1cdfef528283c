// Makes an avatar of the picture in a file field: square, small, and without the metadata of
// cameras, such as the location. `src/pages/profile` imports it.
export async function picture(field) {
  const bitmap = await createImageBitmap(field.files[0]);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(side, 256);
  canvas.getContext("2d").drawImage(
    bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side,
    0, 0, canvas.width, canvas.height,
  );
  // A browser that cannot write WebP writes PNG.
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject()), "image/webp", 0.85);
  });
}
