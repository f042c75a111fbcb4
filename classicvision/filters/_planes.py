"""Images as filters of whole windows read them: one padded plane for each channel."""

import numpy as np

from classicvision.filters._borders import border_indices


def padded_planes(image, border, mode, dtype, spare=(0, 0)):
    """Return the channels one after the other, each with ``border`` more pixels on every side.

    Parameters
    ----------
    image : numpy.ndarray, shape (rows, columns) or (rows, columns, channels)
    border : int
    mode : {"mirror", "reflect", "nearest", "wrap", "constant"}
    dtype : dtype
    spare : (int, int)
        Columns of zeros outside the border, on the left and on the right.

    Returns
    -------
    numpy.ndarray of dtype, shape (channels, rows + 2 * border, columns + 2 * border + sum(spare))

    Examples
    --------
    >>> padded_planes(np.array([[1, 2, 3]]), 1, "reflect", np.uint8)[0].tolist()
    [[1, 1, 2, 3, 3], [1, 1, 2, 3, 3], [1, 1, 2, 3, 3]]
    """
    rows, columns = image.shape[:2]
    channels = np.moveaxis(image.reshape(rows, columns, -1), 2, 0)
    before, after = spare
    height, width = rows + 2 * border, columns + 2 * border
    planes = np.empty((len(channels), height, before + width + after), dtype)
    planes[:, :, :before] = planes[:, :, before + width :] = 0
    framed = planes[:, :, before : before + width]
    below, right = border + rows, border + columns
    middle = framed[:, border:below]
    middle[:, :, border:right] = channels
    if mode == "constant":
        framed[:, :border] = framed[:, below:] = 0
        middle[:, :, :border] = middle[:, :, right:] = 0
        return planes
    at = border_indices(columns, border, mode) + border
    middle[:, :, :border] = middle[:, :, at[:border]]
    middle[:, :, right:] = middle[:, :, at[right:]]
    at = border_indices(rows, border, mode) + border
    framed[:, :border] = framed[:, at[:border]]
    framed[:, below:] = framed[:, at[below:]]
    return planes


def joined_planes(planes, shape):
    """Return planes without a border as one image of the given shape.

    Examples
    --------
    >>> joined_planes(np.arange(6).reshape(3, 1, 2), (1, 2, 3)).tolist()
    [[[0, 2, 4], [1, 3, 5]]]
    """
    return np.ascontiguousarray(np.moveaxis(planes, 0, 2)).reshape(shape)
