namespace PvPatch.Elf;

/// <summary>Ranges in the order of their starts, found by a place in logarithmic time.</summary>
/// <remarks>A file may claim any number of ranges, on top of each other: to walk them for every site would cost the product.</remarks>
internal sealed class RangeIndex
{
    private readonly ulong[] starts;
    private readonly ulong[] reaches; // the farthest end of this range and of all before it: ascending, whatever overlaps

    /// <summary>Indexes ranges by their ascending starts and their ends.</summary>
    public RangeIndex(ulong[] starts, ulong[] ends)
    {
        (this.starts, reaches) = (starts, ends);
        for (int i = 1; i < reaches.Length; i++) reaches[i] = Math.Max(reaches[i], reaches[i - 1]);
    }

    /// <summary>The first range that ends beyond a place; their number if none does.</summary>
    public int FirstEndingAfter(ulong place)
    {
        int low = 0;
        for (int high = reaches.Length; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (reaches[middle] <= place) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Of ranges that do not overlap, the one that holds a place, or -1.</summary>
    public int Find(ulong place)
    {
        int first = FirstEndingAfter(place);
        return first < starts.Length && starts[first] <= place ? first : -1;
    }
}
