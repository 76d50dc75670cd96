using System.Runtime.InteropServices;

namespace PvPatch.Ace.Exercise;

/// <summary>Arrays by number: equal ones have one number.</summary>
internal sealed class Interner<T>
    where T : unmanaged, IEquatable<T>
{
    private readonly Dictionary<T[], int> numbers = new(new ContentComparer());
    private readonly List<T[]> arrays = [];

    /// <summary>An array; it must not be changed.</summary>
    public T[] this[int number] => arrays[number];

    /// <summary>The number of an array, which is kept.</summary>
    public int Add(T[] array)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, array, out bool known);
        if (known) return number;
        number = arrays.Count;
        arrays.Add(array);
        return number;
    }

    private sealed class ContentComparer : IEqualityComparer<T[]>
    {
        public bool Equals(T[]? x, T[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(T[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(obj.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
