namespace PvPatch.Ace.Exercise;

/// <summary>States of the data by number; number 0 is the image's.</summary>
/// <remarks>A state is a list of blocks, and equal blocks are kept once: one store makes a block and a list, no more.</remarks>
internal sealed class DataPool
{
    /// <summary>Words in a block.</summary>
    public const int BlockWords = 64;

    private readonly Interner<ulong> blocks = new();
    private readonly Interner<int> states = new();

    /// <summary>Begins with what the image says.</summary>
    /// <param name="image">The mapped pages as words.</param>
    /// <param name="start">The address of the first one.</param>
    public DataPool(ReadOnlySpan<ulong> image, ulong start)
    {
        (Start, Length) = (start, image.Length);
        Add(image);
    }

    /// <summary>The address of the first word.</summary>
    public ulong Start { get; }

    /// <summary>How many words there are.</summary>
    public int Length { get; }

    /// <summary>The numbers of a state's blocks.</summary>
    public ReadOnlySpan<int> BlocksOf(int state) => states[state];

    /// <summary>The words of a block.</summary>
    public ReadOnlySpan<ulong> WordsOf(int block) => blocks[block];

    /// <summary>A word in a state.</summary>
    public ulong Read(int state, int index) => blocks[states[state][index / BlockWords]][index % BlockWords];

    /// <summary>The four bytes at an address.</summary>
    public uint ReadHalf(int state, ulong address)
    {
        ulong offset = address - Start;
        return (uint)(Read(state, (int)(offset / 8)) >> ((int)(offset & 4) * 8));
    }

    /// <summary>The state with four bytes replaced.</summary>
    public int WriteHalf(int state, ulong address, uint value) => Store(state, new Store(address & ~3ul, sizeof(uint), value));

    /// <summary>The state with a word replaced.</summary>
    public int Write(int state, int index, ulong value)
    {
        int[] old = states[state];
        int at = index / BlockWords;
        ulong[] words = blocks[old[at]];
        if (words[index % BlockWords] == value) return state;
        ulong[] changed = [.. words];
        changed[index % BlockWords] = value;
        int[] list = [.. old];
        list[at] = blocks.Add(changed);
        return states.Add(list);
    }

    /// <summary>The state in which every word has one value.</summary>
    public int Fill(ulong value)
    {
        var words = new ulong[Length];
        words.AsSpan().Fill(value);
        return Add(words);
    }

    /// <summary>The state after a store, which may be unaligned.</summary>
    public int Store(int state, in Store store)
    {
        for (int done = 0; done < store.Size;)
        {
            ulong offset = store.Address + (ulong)done - Start;
            int into = (int)(offset & 7), length = Math.Min(8 - into, store.Size - done);
            ulong mask = (length == 8 ? ulong.MaxValue : (1ul << (length * 8)) - 1) << (into * 8);
            ulong bits = (store.Value >> (done * 8)) << (into * 8);
            int index = (int)(offset / 8);
            state = Write(state, index, (Read(state, index) & ~mask) | (bits & mask));
            done += length;
        }

        return state;
    }

    private int Add(ReadOnlySpan<ulong> words)
    {
        var list = new int[words.Length / BlockWords];
        for (int i = 0; i < list.Length; i++) list[i] = blocks.Add(words.Slice(i * BlockWords, BlockWords).ToArray());
        return states.Add(list);
    }
}
